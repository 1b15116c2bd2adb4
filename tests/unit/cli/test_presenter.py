"""What a person sees of a report while `genkan serve` runs."""

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genkan.cli.presenter import MOST_PENDING, Presenter
from genkan.ir import Condition, Origin, Reason
from genkan.model import Ingress, ObjectKey
from genkan.status import Report

SERVICE = {"service": {"name": "web", "port": {"number": 80}}}


def report(name: str = "web", *, host: str = "a.example", served: bool = True, told: str = "") -> Report:
    spec = {"rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": SERVICE}]}}]}
    ingress = msgspec.convert({"metadata": {"name": name, "namespace": "default"}, "spec": spec}, Ingress)
    origin = Origin("Ingress", "default", name)
    conditions = (
        Condition(origin, Reason.FAILED, told),
        Condition(origin.at("spec.rules[1].host"), Reason.HOST_INVALID, "why"),
    )
    return Report(ingress, ("127.1.2.3",) if served else (), (80,) if served else (), conditions if told else ())


class Screen:
    """A presenter and what it printed."""

    def __init__(self, *expected: str, ingresses: list[dict[str, Any]] | None = None) -> None:
        self._stream = io.StringIO()
        listed = ingresses or []
        self.presenter = Presenter(ingresses=lambda: listed, where=Path("state"), to=self._stream)
        self.presenter.expect(lambda: frozenset(ObjectKey("default", name) for name in expected))

    @property
    def text(self) -> str:
        return self._stream.getvalue()


def test_the_table_waits_for_every_ingress() -> None:
    """Then it is printed once, with commands to try."""
    screen = Screen("web", "api")
    screen.presenter.on_report(report("web"))
    assert screen.text == ""
    screen.presenter.on_report(report("api"))
    assert "curl --resolve a.example:80:127.1.2.3 http://a.example/" in screen.text
    screen.presenter.print_table()
    assert screen.text.count("Try:") == 1
    assert "pending" not in screen.text


def test_what_is_late_is_named_with_its_reason() -> None:
    """One Ingress that fails to start keeps the table from nobody."""
    screen = Screen("web", "unseen", "failing", "starting")
    screen.presenter.on_report(report("web"))
    screen.presenter.on_report(report("failing", served=False, told="port is taken"))
    screen.presenter.on_report(report("starting", served=False))
    screen.presenter.print_table()
    pending = [line for line in screen.text.splitlines() if "  pending  " in line]
    assert [line.partition("  ")[0] for line in pending] == ["default/failing", "default/starting", "default/unseen"]
    assert pending[0].endswith(": DataPlaneFailed"), "a refused host keeps no address back"
    assert "tried again" in pending[2]


def test_many_that_are_late_are_counted() -> None:
    """A screen is small."""
    screen = Screen(*(f"late-{number:02}" for number in range(MOST_PENDING + 3)))
    screen.presenter.print_table()
    assert screen.text.count("  pending  ") == MOST_PENDING
    assert "3 more are pending" in screen.text


def test_an_edit_is_accepted_before_anybody_acknowledged_it() -> None:
    """Nothing is claimed that the report does not know."""
    screen = Screen("web")
    screen.presenter.on_report(report())
    screen.presenter.on_report(report(host="b.example"))
    assert screen.text.endswith("default/web  updated  the edit is accepted\n")


@pytest.mark.parametrize("text", ["[/b]", "[bold]x", ":smile:", "\x1b[2J", "a\nb"])
def test_what_a_manifest_says_is_printed_as_it_is(text: str) -> None:
    """It is no markup, no colour and no second line."""
    listed = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"rules": [{"host": text}]}, "status": {}}
    screen = Screen("web", ingresses=[listed])
    screen.presenter.on_report(report(host=text, told=f"about {text}"))
    shown = text.encode("unicode_escape").decode()
    assert f"   {shown}   " in screen.text
    assert f"about {shown}\n" in screen.text


def test_printing_that_fails_stops_nobody() -> None:
    """Whoever reports goes on."""
    screen = Screen("web", ingresses=[{"no": "metadata"}])
    screen.presenter.on_report(report())
    screen.presenter.on_report(report(host="b.example"))
    assert "the edit is accepted" in screen.text
