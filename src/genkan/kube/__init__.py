"""A small asyncio client of the Kubernetes API. Knows no kind of object; README.md states its contract."""

from genkan.kube.apply import Applier
from genkan.kube.client import ALL, Change, Client, Selection
from genkan.kube.config import in_cluster, load
from genkan.kube.connection import Connection
from genkan.kube.events import Recorder, Regarding
from genkan.kube.lease import Election, Terms
from genkan.kube.reflector import Observer, Pace, Reflector, Sink
from genkan.kube.resources import Resource
from genkan.kube.status import ConflictError, ExpiredError, NotFoundError, RefusedError, UnavailableError
from genkan.kube.transport import Transport

__all__ = [
    "ALL",
    "Applier",
    "Change",
    "Client",
    "ConflictError",
    "Connection",
    "Election",
    "ExpiredError",
    "NotFoundError",
    "Observer",
    "Pace",
    "Recorder",
    "Reflector",
    "RefusedError",
    "Regarding",
    "Resource",
    "Selection",
    "Sink",
    "Terms",
    "Transport",
    "UnavailableError",
    "in_cluster",
    "load",
]
