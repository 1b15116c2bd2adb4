"""End-to-end tests run on a real cluster: `make e2e`."""

import pytest

from tests.cluster.fixtures import (
    api_server,
    cluster,
    kubectl,
    namespace,
    node,
    pytest_runtest_makereport,
    shared_namespace,
    simulated_cluster,
    weather,
)

__all__ = [
    "api_server",
    "cluster",
    "kubectl",
    "namespace",
    "node",
    "pytest_runtest_makereport",
    "shared_namespace",
    "simulated_cluster",
    "weather",
]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known that `make e2e-smoke` selects by."""
    config.addinivalue_line("markers", "smoke: one of those that prove the most in a few minutes")
