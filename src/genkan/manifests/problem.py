"""One mistake in a manifest, where it stands and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Equal problems are one problem.

    `file` is relative to the served directory; `line` starts at 1, 0 when no line can be named; `object` reads "Kind namespace/name" and
    is "" when the text does not say; `field` is a path as kubectl prints it; `reason` one of `genkan.ir.Reason`.
    """

    file: str
    line: int
    object: str
    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        """Print as compilers do, so that editors and terminals find the line."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        what = " ".join(part for part in (self.object, self.field) if part)
        return (
            f"{where}: {what}: {self.message} ({self.reason})" if what else f"{where}: {self.message} ({self.reason})"
        )
