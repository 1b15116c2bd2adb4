"""Results as tables for people and as JSON for programs."""

import json
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path("bench-results")


@dataclass(frozen=True)
class Bar:
    """Something that shall hold: what, what was measured, and whether it does."""

    text: str
    value: float
    met: bool


@dataclass
class Result:
    """One part's table, the bars it has to meet, and every single measurement."""

    name: str
    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    raw: dict[str, object] = field(default_factory=dict)

    def at_least(self, text: str, value: float, limit: float) -> None:
        """Demand that the value is no less."""
        self.bars.append(Bar(f"{text}: {value:.3f}, at least {limit:g}", value, value >= limit))

    def at_most(self, text: str, value: float, limit: float) -> None:
        """Demand that the value is no more."""
        self.bars.append(Bar(f"{text}: {value:.3f}, at most {limit:g}", value, value <= limit))

    @property
    def met(self) -> bool:
        """Whether every bar is met."""
        return all(bar.met for bar in self.bars)


def show(result: Result) -> None:
    """Print the table, then each bar in a line."""
    console = Console(highlight=False, width=None if Console().is_terminal else 140)
    console.print(f"{result.name}: {result.title}", style="bold")
    table = Table()
    for number, column in enumerate(result.columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in result.rows:
        table.add_row(*row)
    console.print(table)
    for bar in result.bars:
        console.print(f"  {'met   ' if bar.met else 'MISSED'} {bar.text}", style=None if bar.met else "red")
    console.print()


def save(result: Result) -> None:
    """Write bench-results/NAME.json, with what it was measured on."""
    FOLDER.mkdir(exist_ok=True)
    machine = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }
    (FOLDER / f"{result.name}.json").write_text(json.dumps({"machine": machine, **asdict(result)}, indent=1) + "\n")


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so many of the values do not exceed; nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def milliseconds(seconds: float) -> str:
    """As tables show it; below a millisecond with more digits."""
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1000:.3f} ms"


def mebibytes(kibibytes: float) -> str:
    """As tables show it."""
    return f"{kibibytes / 1024:.1f} MiB"


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)
