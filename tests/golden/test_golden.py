"""Golden files: each folder here is a behaviour, from manifests as a user writes them to what the data plane is given."""

from pathlib import Path

import pytest

from tests.golden.stages import INPUTS, Case, cases
from tests.golden.validate import refusal

UPDATE = ".venv/bin/pytest tests/golden --update-golden -k {}"


@pytest.fixture(params=cases(), ids=lambda case: case.folder.name)
def case(request: pytest.FixtureRequest) -> Case:
    """Each case in turn."""
    given: Case = request.param
    return given


def test_every_stage_gives_what_its_file_holds(case: Case, update: bool) -> None:
    """Stages are compared as text; a file that no stage gives is stale and fails."""
    for stage in case.stages:
        file = case.folder / f"{stage}.yaml"
        text = case.give(stage)
        if update:
            file.write_text(text)
        expected = file.read_text() if file.exists() else ""
        assert expected == text, f"{file.name} differs; if that is meant: {UPDATE.format(case.folder.name)}"
    known = {*INPUTS, *(f"{stage}.yaml" for stage in case.stages)}
    for stale in sorted(path for path in case.folder.iterdir() if path.name not in known):
        if update:
            stale.unlink()
        assert not stale.exists(), f"{stale} is stale: {UPDATE.format(case.folder.name)}"


def test_envoy_accepts_what_it_is_given(case: Case, tmp_path: Path) -> None:
    """The real program reads every resource of the case, as one static file."""
    if "ir" not in case.stages:
        assert not (case.folder / "ir.yaml").exists()
        return
    assert refusal(case.snapshot(), tmp_path) == ""


def test_the_input_stays_readable(case: Case) -> None:
    """One behaviour a case: under sixty lines of manifests."""
    lines = (case.folder / "in.yaml").read_text().splitlines()
    assert len(lines) <= 60
