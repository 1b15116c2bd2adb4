"""A fake Kubernetes API server: list, paging, watch, 410, status isolation, merged apply; no more. And faults on demand.

It does not know field ownership, defaulting, validation, admission, garbage collection or RBAC: what needs those is tested with
the real one. tests/contract/kube.py runs against both.
"""

from tests.support.kube_api.faults import Answer, Fault, Stream
from tests.support.kube_api.server import FakeApi, Request

__all__ = ["Answer", "FakeApi", "Fault", "Request", "Stream"]
