"""What became of every request: counted one by one, each loss kept with its time and its reason. Pure."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One request that was not answered rightly: when (seconds since the epoch), how long it took, and why."""

    at: float
    kind: str
    number: int
    seconds: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What a right answer is: its status, a pattern in its body, and, of an echo, the number of the request."""

    status: int = 200
    pattern: str = ""
    echoes: bool = False

    def fault(self, number: int, status: int, body: bytes) -> str:
        """Give what is wrong with an answer; nothing if it is right."""
        if status != self.status:
            return f"status {status}"
        text = body.decode(errors="replace")
        if self.pattern and not re.search(self.pattern, text):
            return f"wrong body: {text[:80]!r}"
        if self.echoes and not re.search(rf"[?&]n={number}(?!\d)", text):
            return f"answer to another request: {text[:80]!r}"
        return ""


@dataclass
class Tally:
    """The counts of one run."""

    sent: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    losses: list[Loss] = field(default_factory=list)
    slowest: float = 0.0

    def right(self, kind: str, seconds: float) -> None:
        """Count a right answer."""
        self.answered[kind] += 1
        self.slowest = max(self.slowest, seconds)

    def lost(self, loss: Loss) -> None:
        """Keep a loss."""
        self.losses.append(loss)

    @property
    def unaccounted(self) -> int:
        """Requests that are neither answered nor lost: more than nothing means that the counting is wrong."""
        return self.sent.total() - self.answered.total() - len(self.losses)

    def reasons(self) -> dict[str, int]:
        """How many losses for each reason."""
        return dict(Counter(loss.reason for loss in self.losses).most_common())

    def to_json(self) -> str:
        """Everything, as one document."""
        document = {"sent": self.sent, "answered": self.answered, "slowest": self.slowest}
        return json.dumps({**document, "losses": [asdict(loss) for loss in self.losses]})

    @classmethod
    def from_json(cls, text: str) -> "Tally":
        """Read what `to_json` wrote."""
        document: dict[str, Any] = json.loads(text)
        losses = [Loss(**one) for one in document["losses"]]
        sent, answered = Counter(document["sent"]), Counter(document["answered"])
        return cls(sent, answered, losses, document["slowest"])

    def __str__(self) -> str:
        """A summary, and every loss on a line of its own."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.sent.items()))
        head = f"{self.sent.total()} requests ({kinds}): {len(self.losses)} lost, slowest {self.slowest * 1000:.0f} ms"
        return "\n".join([head, *_lines(self.losses)])


def _lines(losses: Iterable[Loss]) -> list[str]:
    return [
        f"  {one.at:.3f} {one.kind} #{one.number} after {one.seconds * 1000:.0f} ms: {one.reason}" for one in losses
    ]
