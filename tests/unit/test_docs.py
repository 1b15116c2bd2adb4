"""The documentation cannot drift: all that a user can meet is explained, and what is made from code says what the code says."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from genkan.cli import COMMANDS, genkan
from genkan.ir import Reason
from genkan.ir.reasons import REASONS
from genkan.settings import Settings
from genkan.telemetry import Telemetry
from genkan.translate.ingress.protocols import APP_PROTOCOLS
from tools import gen_docs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted(DOCS.rglob("*.md"))


def test_generated_pages_are_current() -> None:
    """`make docs` would change nothing."""
    assert gen_docs.breaches(ROOT) == []


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_explained(reason: Reason) -> None:
    """Each reason has a meaning and something to do, in whole sentences, and stands in the reference."""
    assert REASONS[reason].meaning.endswith(".")
    assert REASONS[reason].action.endswith(".")
    assert f"| `{reason}` |" in (REFERENCE / "conditions.md").read_text()


def test_no_reason_is_explained_that_is_gone() -> None:
    """The table has the order of the enumeration and nothing else."""
    assert list(REASONS) == list(Reason)


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    """Each setting has a docstring below it."""
    row = re.search(rf"^\| `{name}` \| .+ \| .+\. \|$", (REFERENCE / "settings.md").read_text(), re.MULTILINE)
    assert row is not None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command: str) -> None:
    """Each command has a section, and each of its options has a help text."""
    _, _, rest = (REFERENCE / "commands.md").read_text().partition(f"## genkan {command}\n")
    section, _, _ = rest.partition("\n## ")
    options = re.findall(r"^\| `(-.+?)` \| (.*) \|$", section, re.MULTILINE)
    assert options
    assert [flags for flags, text in options if not re.sub(r"\[.*\]$", "", text)] == []


def test_exit_codes_are_documented() -> None:
    """Success, failure, and a wrong command line."""
    codes = re.findall(r"^- `(\d+)`: .+\.$", (REFERENCE / "commands.md").read_text(), re.MULTILINE)
    assert codes[:3] == ["0", "1", "2"]


@pytest.mark.parametrize("name", APP_PROTOCOLS)
def test_every_app_protocol_is_documented(name: str) -> None:
    """Each name that is understood stands in the table of backends."""
    assert f"`{name}`" in (REFERENCE / "routing.md").read_text()


def test_every_metric_is_documented() -> None:
    """Each metric of the registry stands in the reference."""
    page = (REFERENCE / "metrics.md").read_text()
    assert [family.name for family in Telemetry().registry.collect() if family.name not in page] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_commands_that_exist(page: Path) -> None:
    """A command in a code block or in backticks is one of ours."""
    named = re.findall(r"(?:\.venv/bin/|`)genkan ([a-z]+)", page.read_text())
    assert set(named) <= set(COMMANDS)


def test_every_page_is_listed() -> None:
    """The index leads to each page, by itself or through the list of decisions."""
    index = (DOCS / "README.md").read_text()
    decisions = (DOCS / "adr/README.md").read_text()
    missing = [
        str(page.relative_to(DOCS))
        for page in PAGES
        if page.name != "README.md"
        and f"({page.relative_to(DOCS)})" not in index
        and not (page.parent.name == "adr" and f"({page.name})" in decisions)
    ]
    assert missing == []


def test_the_tutorial_edits_what_is_there() -> None:
    """Each manifest fragment that the tutorial tells to change stands in the example."""
    manifest = (ROOT / "examples/quickstart/shop.yaml").read_text()
    edits = re.findall(r"[Cc]hange `([^`]+)` to", (DOCS / "tutorials/quickstart.md").read_text())
    assert len(edits) == 2
    assert [edit for edit in edits if edit not in manifest] == []


def test_the_mistakes_shown_are_the_real_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The how-to's answer of `genkan validate` is what it answers."""
    monkeypatch.chdir(ROOT)
    page = (DOCS / "how-to/check-a-manifest-without-a-cluster.md").read_text()
    shown = re.findall(r"```text\n(.*?)\n```", page, re.DOTALL)
    plain = CliRunner().invoke(genkan, ["validate", "examples/mistakes"])
    cluster = CliRunner().invoke(genkan, ["validate", "examples/mistakes", "--cluster"])
    assert (plain.exit_code, plain.output.strip()) == (1, shown[0])
    assert shown[1].removesuffix("\n…") in cluster.output
