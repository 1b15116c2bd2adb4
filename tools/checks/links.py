"""Every relative link of a Markdown file leads to a file of the repository, and to a heading that is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tools.checks.files import listed

FENCE = re.compile(r"^ *(```|~~~)")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)(?: \"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} +(.*?) *#*$")
OUTSIDE = re.compile(r"^[a-z][a-z0-9+.-]*:")


def breaches(root: Path) -> list[str]:
    """Every link that leads nowhere. Links to the outside are not followed: a check must not need the internet."""
    pages = [page for page in listed(root, "*.md") if page.relative_to(root).parts[0] != "changelog.d"]
    return [breach for page in pages for breach in of_page(page, root)]


def of_page(page: Path, root: Path) -> Iterator[str]:
    """The breaches of one page."""
    for number, line in prose(page.read_text()):
        for target in LINK.findall(re.sub(r"`[^`]*`", "``", line)):
            if OUTSIDE.match(target):
                continue
            path, _, anchor = unquote(target).partition("#")
            file = (page.parent / path).resolve() if path else page
            where = f"{page.relative_to(root)}:{number}: link {target}"
            if not file.exists():
                yield f"{where}: no such file"
            elif not file.is_relative_to(root.resolve()):
                yield f"{where}: outside of the repository"
            elif anchor and anchor not in anchors(file.read_text()):
                yield f"{where}: no such heading"


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines outside of fenced code, with their numbers."""
    fenced = ""
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line)
        if fence and not fenced:
            fenced = fence.group(1)
        elif fence and fence.group(1) == fenced:
            fenced = ""
        elif not fenced:
            yield number, line


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, by GitHub's rule: lower case, spaces to hyphens, punctuation dropped, repetitions numbered."""
    found: set[str] = set()
    for _, line in prose(text):
        heading = HEADING.match(line)
        if not heading:
            continue
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        anchor, count = slug, 0
        while anchor in found:
            count += 1
            anchor = f"{slug}-{count}"
        found.add(anchor)
    return found
