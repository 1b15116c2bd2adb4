"""What a person sees while `genkan serve` runs: the table once everything serves, then every change as it happens.

Never raises into those who report: what is printed must not end what serves.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import structlog
from rich.console import Console
from rich.text import Text

from genkan.cli.curl import curl_lines
from genkan.cli.ingresses import ingress_table
from genkan.cli.plain import plain
from genkan.ir import Condition, Level
from genkan.model import ObjectKey
from genkan.status import Report

MOST_PENDING = 20
"""So many Ingresses that do not serve yet are named below the first table; the rest is counted."""

log = structlog.get_logger()


class Presenter:
    """Takes reports as they are written; prints to a stream that never waits, in colour only on a terminal."""

    def __init__(
        self,
        *,
        ingresses: Callable[[], Iterable[dict[str, Any]]],
        where: Path,
        to: IO[str],
    ) -> None:
        """`ingresses` gives what `genkan get ingress` would list, `where` is the state directory, `to` takes what is printed."""
        self._expected: Callable[[], frozenset[ObjectKey]] = frozenset
        self._ingresses = ingresses
        self._where = where
        # Brackets and colons of a manifest are no markup.
        self._console = Console(file=to, highlight=False, soft_wrap=True, markup=False, emoji=False)
        self._reports: dict[ObjectKey, Report] = {}
        self._printed = False

    def expect(self, keys: Callable[[], frozenset[ObjectKey]]) -> None:
        """Wait with the table until these keys serve."""
        self._expected = keys

    def on_report(self, report: Report) -> None:
        """Take one report: print the table when it completes it, or what is new in it."""
        key = report.ingress.key
        before = self._reports.get(key)
        self._reports[key] = report
        with harmless():
            if self._printed:
                self._print_changes(before, report)
            elif not self._pending():
                self._print_table()

    def on_removed(self, key: ObjectKey) -> None:
        """Take note that an Ingress is gone."""
        if self._reports.pop(key, None) is not None and self._printed:
            with harmless():
                self._line(str(key), "removed", "its data plane is drained and gone", Level.NORMAL)

    def print_table(self) -> None:
        """Print what there is now, once: the table, commands to try, and what stands in the way."""
        if not self._printed:
            with harmless():
                self._print_table()

    def _pending(self) -> list[ObjectKey]:
        """Return the Ingresses that have no address yet."""
        return sorted(key for key in self._expected() if key not in self._reports or not self._reports[key].addresses)

    def _print_table(self) -> None:
        self._printed = True
        self._console.print(ingress_table(self._ingresses(), datetime.now(UTC), namespaces=True))
        commands = [line for key in sorted(self._reports) for line in commands_of(self._reports[key])]
        if commands:
            self._console.print("\nTry:")
            for command in commands:
                self._console.print(f"  {command}")
        for key in sorted(self._reports):
            for condition in self._reports[key].conditions:
                if condition.level is Level.WARNING:
                    self._tell(key, condition)
        self._print_pending(self._pending())
        self._console.print(
            f"\nEdits below are applied as they are saved; Ctrl-C drains and stops. State: {self._where}"
        )

    def _print_pending(self, pending: list[ObjectKey]) -> None:
        for key in pending[:MOST_PENDING]:
            self._line(str(key), "pending", self._why_pending(key), Level.WARNING)
        if len(pending) > MOST_PENDING:
            self._console.print(f"{len(pending) - MOST_PENDING} more are pending")

    def _why_pending(self, key: ObjectKey) -> str:
        """Say why an Ingress has no address yet: what is told of it as a whole. A fault in one field keeps no address back."""
        report = self._reports.get(key)
        if report is None:
            return "its turn has not come yet, or it failed and is tried again; the log says so"
        whole = [each for each in report.conditions if each.level is Level.WARNING and not each.origin.field]
        reasons = dict.fromkeys(each.reason for each in whole)
        return f"its data plane does not serve yet{': ' if reasons else ''}{', '.join(reasons)}"

    def _print_changes(self, before: Report | None, report: Report) -> None:
        key = report.ingress.key
        old = set(before.conditions) if before else set()
        for condition in report.conditions:
            if condition not in old:
                self._tell(key, condition)
        for condition in sorted(old - set(report.conditions)):
            if condition.level is Level.WARNING:
                self._line(str(key), "resolved", f"{condition.reason} {condition.origin}", Level.NORMAL)
        if before is not None and before.ingress != report.ingress:
            self._line(str(key), "updated", "the edit is accepted", Level.NORMAL)

    def _tell(self, key: ObjectKey, condition: Condition) -> None:
        self._line(str(key), condition.reason, f"{condition.origin}: {condition.message}", condition.level)

    def _line(self, key: str, what: str, message: str, level: Level) -> None:
        style = "yellow" if level is Level.WARNING else "green"
        self._console.print(Text.assemble((plain(key), "bold"), "  ", (what, style), "  ", plain(message)))


def commands_of(report: Report) -> list[str]:
    """Return the curl lines of one Ingress that serves."""
    if not report.addresses:
        return []
    http, *rest = report.ports
    return curl_lines(report.ingress, report.addresses[0], http, rest[0] if rest else None, report.conditions)


@contextmanager
def harmless() -> Iterator[None]:
    """Log what goes wrong with printing, and go on."""
    try:
        yield
    except Exception:
        log.exception("cannot print what changed")
