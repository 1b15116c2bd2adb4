"""What runs: the same program whatever the traffic, recognizable by its command line."""

import pytest

from genkan.dataplanes.envoy.workload import connections, find_program, workload
from genkan.errors import ConfigError
from genkan.settings import Settings
from tests.support.traffic import binding


def command(workers: int = 1) -> list[str]:
    return list(workload("shop/web", binding("/state"), Settings(workers=workers), "/bin/envoy", 100_000).command)


def test_the_command_line_says_whose_process_it_is() -> None:
    """namespace/name and the state directory, for a person and for a restarted Genkan."""
    words = command()
    assert words[0] == "/bin/envoy"
    assert words[words.index("--service-node") + 1] == "shop/web"
    assert words[words.index("--service-cluster") + 1] == "/state"
    assert words[words.index("--config-path") + 1] == "/state/bootstrap.json"


def test_it_drains_at_once_and_never_restarts_hot() -> None:
    words = command()
    assert words[words.index("--drain-strategy") + 1] == "immediate"
    assert "--disable-hot-restart" in words


def test_one_worker_for_each_cpu_of_the_limit() -> None:
    assert command()[command().index("--concurrency") + 1] == "1"
    assert command(workers=4)[command().index("--concurrency") + 1] == "4"


def test_its_one_file_is_the_bootstrap() -> None:
    (file,) = workload("shop/web", binding("/state"), Settings(), "envoy", 100_000).files
    assert file.path == "bootstrap.json"
    assert "/state/admin.sock" in file.content


def test_both_ports_are_always_declared() -> None:
    """TLS coming or going restarts nothing."""
    ports = workload("shop/web", binding(), Settings(), "envoy", 100_000).ports
    assert [(one.name, one.service, one.container) for one in ports] == [("http", 80, 10080), ("https", 443, 10443)]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(1_048_576, 10_000, id="plenty"),
        pytest.param(4096, 1798, id="half of what is left"),
        pytest.param(256, 1, id="never none"),
    ],
)
def test_clients_are_bounded_by_the_files_there_may_be(files: int, expected: int) -> None:
    assert connections(files) == expected


def test_the_program_of_the_package_is_found() -> None:
    """The program itself: the console script of the package would be a second process."""
    assert find_program().endswith("/envoy/_bin/envoy")


def test_a_named_program_is_taken() -> None:
    assert find_program("/bin/sh") == "/bin/sh"


def test_a_named_program_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="/nowhere/envoy: no such program"):
        find_program("/nowhere/envoy")
