"""A module fits one head: at most 400 lines, and no function above 60. There is no list of exceptions."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.checks.files import listed

MODULE_LINES = 400
FUNCTION_LINES = 60


def breaches(root: Path) -> list[str]:
    """Every Python file and function of the repository that is too long."""
    return [breach for path in listed(root, "*.py") for breach in of_module(path.relative_to(root), path.read_text())]


def of_module(name: Path, source: str) -> Iterator[str]:
    """The breaches of one module; a function is measured from `def` to its last line, docstring included."""
    length = len(source.splitlines())
    if length > MODULE_LINES:
        yield f"{name}:1: {length} lines, at most {MODULE_LINES}: split it by idea"
    for node in ast.walk(ast.parse(source, str(name))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name}:{node.lineno}: function {node.name} has {length} lines, at most {FUNCTION_LINES}"
