"""What `genkan serve` takes from its command line and environment."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from genkan.cli import genkan
from genkan.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        pytest.param(["--envoy", "no-such-envoy"], {}, id="option"),
        pytest.param([], {"GENKAN_ENVOY": "no-such-envoy"}, id="environment"),
        pytest.param(["--envoy", "no-such-envoy"], {"GENKAN_ENVOY": "other"}, id="the-option-wins"),
    ],
)
def test_another_envoy_can_be_named(options: list[str], environment: dict[str, str], tmp_path: Path) -> None:
    """One that does not exist is said at once, before anything starts."""
    state = tmp_path / "state"
    command = ["serve", str(tmp_path), "--state-dir", str(state), *options]
    result = CliRunner().invoke(genkan, command, env=environment)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith("no-such-envoy: no such program")
    assert not state.exists()
