"""A changelog fragment is `changelog.d/<slug>.<type>.md` and holds one sentence or more for users."""

import re
import tomllib
from pathlib import Path

from tools.checks.files import listed

NAME = re.compile(r"(?P<slug>\+?[a-z0-9][a-z0-9-]*)\.(?P<type>[a-z]+)\.md")


def breaches(root: Path) -> list[str]:
    """Every fragment that `towncrier build` would leave out or print as nothing."""
    config = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["towncrier"]
    types = [entry["directory"] for entry in config["type"]]
    found = []
    for path in listed(root, config["directory"]):
        if path.name in {".gitignore", "README.md"}:
            continue
        where = f"{path.relative_to(root)}:1:"
        match = NAME.fullmatch(path.name)
        if not match or match["type"] not in types:
            found.append(f"{where} the name must be <slug>.<type>.md, with a type of {', '.join(types)}")
        text = path.read_text().strip()
        if not text:
            found.append(f"{where} is empty: say in a sentence what changes for users")
        elif not text.endswith((".", "!", "```", ")")):
            found.append(f"{where} is no whole sentence")
    return found
