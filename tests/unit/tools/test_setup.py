"""`make setup` says what is missing before it makes anything."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

OLD = """#!/bin/sh
case "$*" in
  --version) echo "Python 3.9.2" ;;
  *version_info*) exit 1 ;;
esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$*" in
  *ensurepip*) exit 1 ;;
  *print*) echo 3.12 ;;
esac
"""
ABLE = "#!/bin/sh\n"


@pytest.mark.parametrize(
    ("python", "code", "said"),
    [
        pytest.param(None, 1, "there is no some-python: apt-get install python3 python3-venv", id="no-python"),
        pytest.param(OLD, 1, "some-python is Python 3.9.2", id="too-old"),
        pytest.param(WITHOUT_VENV, 1, "apt-get install python3-venv (or python3.12-venv)", id="no-venv"),
        pytest.param(ABLE, 0, "", id="able"),
    ],
)
def test_what_is_missing_is_said(python: str | None, code: int, said: str, tmp_path: Path) -> None:
    """The message names the package to install; the exit code stops make."""
    if python is not None:
        program = tmp_path / "some-python"
        program.write_text(python)
        program.chmod(0o755)
    result = subprocess.run(
        [ROOT / "make/python-is-able", "some-python"],
        env={"PATH": f"{tmp_path}:{os.defpath}"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == code
    assert said in result.stderr
    assert bool(result.stderr) == bool(code)
