"""Ask the real Envoy whether it accepts a snapshot."""

import json
import subprocess
from pathlib import Path

from genkan.dataplanes.envoy.bootstrap import bootstrap
from genkan.dataplanes.envoy.workload import find_program
from genkan.dataplanes.envoy.xds.snapshot import Snapshot
from tests.feature.envoy.offline import static
from tests.golden.stages import BINDING


def refusal(snapshot: Snapshot, folder: Path) -> str:
    """Envoy's own words when it refuses the snapshot as one static file, "" when it accepts it."""
    file = folder / "envoy.json"
    file.write_text(json.dumps(static(snapshot, bootstrap(BINDING))))
    command = [find_program(), "--mode", "validate", "--config-path", str(file), "--log-level", "error"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr if done.returncode else ""
