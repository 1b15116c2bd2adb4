"""Tell workloads apart by content: a process is left alone as long as what it was started from is the same."""

import hashlib

import msgspec

from genkan.ir import Workload


def digest(workload: Workload) -> str:
    """Give a digest of every field but `replicas`, the same in every run."""
    content = (
        workload.kind,
        workload.command,
        [(file.path, file.content, file.private) for file in sorted(workload.files, key=lambda file: file.path)],
        dict(workload.env),
        [(port.name, port.service, port.container) for port in workload.ports],
        workload.drain.seconds,
    )
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:32]
