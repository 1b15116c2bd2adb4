"""What a process has used, from /proc: CPU seconds and memory that is its own."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """User and system time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def private_kibibytes(pid: int) -> int:
    """Memory that ends with the process: Private_Dirty of smaps_rollup."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1])
    raise AssertionError(f"/proc/{pid}/smaps_rollup has no Private_Dirty")


def pin(pid: int, cpu: int) -> None:
    """Keep a process, with all its threads, on one CPU (modulo those there are)."""
    cpus = sorted(os.sched_getaffinity(0))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {cpus[cpu % len(cpus)]})
