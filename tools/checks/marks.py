"""What is committed is finished and belongs to no one machine: no reminder marks, no home folders, no package hosts."""

import re
from pathlib import Path

from tools.checks.files import lines, listed

RULES = {
    # `context.TODO()` is a function of Go's standard library.
    "a reminder: finish it or write an issue": re.compile(r"(?<!context\.)\b(?:TO[D]O|FIX[M]E|X[X]X)\b"),
    "a folder of one machine": re.compile(r"(?<![\w.$}~/-])/(?:home|root|Users|work|workspace|workspaces|builds)/"),
    "an address of a package host: those are the user's configuration": re.compile(
        r"\b(?:pypi\.org|pythonhosted\.org|proxy\.golang\.org|sum\.golang\.org|registry\.npmjs\.org|deb\.debian\.org"
        r"|(?:archive|ports|security)\.ubuntu\.com|security\.debian\.org|(?:extra-)?index[-]url\b)",
    ),
}
NOT_OURS = ("LICENSE", "*.sum")


def breaches(root: Path) -> list[str]:
    """Every line of a text file that breaks a rule; checksums and the licence are not ours to word."""
    exclude = [f":(exclude){pattern}" for pattern in NOT_OURS]
    return [
        f"{path.relative_to(root)}:{number}: {what}: {match.group()}"
        for path in listed(root, ".", *exclude)
        for number, line in lines(path)
        for what, rule in RULES.items()
        if (match := rule.search(line))
    ]
