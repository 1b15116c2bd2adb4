"""A stream of JSON documents: text in, plain values out, in the same terms as YAML.

A null in an object is dropped and a repeated name is reported, as in YAML. Several documents may follow each other, as kubectl allows.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from genkan.manifests.yaml_text import MalformedError, Repeated, Value

SPACE = re.compile(r"[ \t\r\n]*")


def parse_stream(text: str) -> Iterator[tuple[int, str, Value]]:
    """Give each document with the line where it starts (from 1) and its own text."""
    position = after_space(text, 0)
    while position < len(text):
        line = text.count("\n", 0, position) + 1
        value, end = parse_one(text, position, line)
        yield line, text[position:end], value
        position = after_space(text, end)


def parse_one(text: str, position: int, line: int) -> tuple[Value, int]:
    """Read the document at a position; gives it and the position behind it."""
    result = Value(None)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = {key: value for key, value in pairs if value is not None}
        if len({key for key, _ in pairs}) != len(pairs):
            keys = [key for key, _ in pairs]
            result.repeated.extend(Repeated(key, line) for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return values

    decoder = json.JSONDecoder(object_pairs_hook=mapping, parse_constant=refuse_constant)
    try:
        result.value, end = decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise MalformedError(f"cannot be read as JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise MalformedError("nested too deep", line) from None
    except ValueError as error:
        raise MalformedError(f"cannot be read as JSON: {error}", line) from None
    return result, end


def refuse_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is no JSON")


def after_space(text: str, position: int) -> int:
    """Return the position of the next character that is no space."""
    match = SPACE.match(text, position)
    return match.end() if match else position
