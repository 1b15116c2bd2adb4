"""Run the measurements named on the command line, or all; exit 1 when a bar is missed or a part could not run."""

import argparse
import asyncio
import importlib
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.report import Result, save, show

PARTS = ("proxy", "memory", "edit", "rotate", "scale", "many", "loss")


def main() -> int:
    """Parse, measure one part after another, print and save."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description="Measurements, side by side.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; all when none is named")
    wanted: list[str] = parser.parse_args().parts or list(PARTS)
    if unknown := sorted(set(wanted) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    met = [_run(part) for part in wanted]
    return 0 if all(met) else 1


def _run(part: str) -> bool:
    busy, cpus = os.getloadavg()[0], os.cpu_count() or 1
    if busy > cpus:
        sys.stderr.write(
            f"{part}: the machine is busy already (load {busy:.1f} on {cpus} CPUs): tails will say little\n"
        )
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            result: Result = asyncio.run(importlib.import_module(f"tests.bench.{part}").measure(Path(folder)))
        except SystemExit as missing:
            sys.stderr.write(f"{missing}\n")
            return False
    show(result)
    save(result)
    return result.met


sys.exit(main())
