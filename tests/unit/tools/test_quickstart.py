"""`make run` knows its state directory however it was named."""

from pathlib import Path

import pytest

from genkan.infrastructure.host.state import default_state_dir
from tools.quickstart import QUICKSTART, state_dir_of


@pytest.mark.parametrize(
    ("arguments", "state_dir", "rest"),
    [
        pytest.param([], default_state_dir(QUICKSTART), [], id="default"),
        pytest.param(["--state-dir", "a b"], Path("a b"), [], id="two words"),
        pytest.param(["--state-dir=s", "--log-level", "info"], Path("s"), ["--log-level", "info"], id="one word"),
        pytest.param(["--help"], default_state_dir(QUICKSTART), ["--help"], id="what is not ours goes to serve"),
    ],
)
def test_the_state_directory_is_always_named(arguments: list[str], state_dir: Path, rest: list[str]) -> None:
    """Among several, `genkan stop` would have to guess."""
    assert state_dir_of(arguments) == (state_dir, rest)
