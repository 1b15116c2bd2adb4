"""The checks of `make check` that no ready-made tool does: `python -m tools.check`; exit 1 if there is any breach."""

import sys
from collections.abc import Callable
from pathlib import Path

from tools import gen_docs
from tools.checks import changelog, links, lock, marks, sizes

ROOT = Path(__file__).parent.parent
CHECKS: dict[str, Callable[[Path], list[str]]] = {
    "module and function sizes": sizes.breaches,
    "reminders, machine paths, package hosts": marks.breaches,
    "links of the documentation": links.breaches,
    "generated documentation": gen_docs.breaches,
    "changelog fragments": changelog.breaches,
    "lock file": lock.breaches,
}


def main() -> int:
    """Run every check, print every breach."""
    failed = 0
    for title, check in CHECKS.items():
        found = check(ROOT)
        failed += bool(found)
        print(f"{title}: {'ok' if not found else f'{len(found)} to mend'}")
        for breach in found:
            print(f"  {breach}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
