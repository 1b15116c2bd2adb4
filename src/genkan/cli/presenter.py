"""What a person sees while `genkan serve` runs: the table once everything serves, then every change as it happens."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from genkan.cli.curl import curl_lines
from genkan.cli.ingresses import ingress_table
from genkan.ir import Condition, Level
from genkan.model import ObjectKey
from genkan.status import Report


class Presenter:
    """Takes reports as they are written; prints to standard output, in colour only on a terminal."""

    def __init__(
        self,
        *,
        ingresses: Callable[[], Iterable[dict[str, Any]]],
        where: Path,
        console: Console | None = None,
    ) -> None:
        """`ingresses` gives what `genkan get ingress` would list, `where` is the state directory."""
        self._expected: Callable[[], frozenset[ObjectKey]] = frozenset
        self._ingresses = ingresses
        self._where = where
        self._console = console or Console(highlight=False, soft_wrap=True)
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
        if self._printed:
            self._print_changes(before, report)
        elif all(key in self._reports and self._reports[key].addresses for key in self._expected()):
            self.print_table()

    def on_removed(self, key: ObjectKey) -> None:
        """Take note that an Ingress is gone."""
        if self._reports.pop(key, None) is not None and self._printed:
            self._line(str(key), "removed", "its data plane is drained and gone", Level.NORMAL)

    def print_table(self) -> None:
        """Print what there is now, once: the table, commands to try, and what stands in the way."""
        if self._printed:
            return
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
        self._console.print(
            f"\nEdits below are applied as they are saved; Ctrl-C drains and stops. State: {self._where}"
        )

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
            self._line(str(key), "updated", "the edit is applied", Level.NORMAL)

    def _tell(self, key: ObjectKey, condition: Condition) -> None:
        self._line(str(key), condition.reason, f"{condition.origin}: {condition.message}", condition.level)

    def _line(self, key: str, what: str, message: str, level: Level) -> None:
        style = "yellow" if level is Level.WARNING else "green"
        self._console.print(Text.assemble((key, "bold"), "  ", (what, style), "  ", message))


def commands_of(report: Report) -> list[str]:
    """Return the curl lines of one Ingress that serves."""
    if not report.addresses:
        return []
    http, *rest = report.ports
    return curl_lines(report.ingress, report.addresses[0], http, rest[0] if rest else None)
