"""One option: write what the stages give now instead of comparing with it."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`."""
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew; then read the difference in git"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether to write instead of to compare."""
    return bool(request.config.getoption("--update-golden"))
