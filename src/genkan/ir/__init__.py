"""The intermediate representation: what translation gives and drivers and infrastructures take.

Two halves, traffic and workload, and the conditions beside them. No Kubernetes and no Envoy type inside.
"""

from genkan.ir.capabilities import Capabilities
from genkan.ir.conditions import Condition, Level, Reason
from genkan.ir.observation import DriverState, Observation, Phase, Rejection
from genkan.ir.origin import Origin
from genkan.ir.traffic import (
    Action,
    BackendProtocol,
    BackendTls,
    Certificate,
    Cluster,
    DnsTarget,
    Endpoint,
    EndpointSet,
    Forward,
    Listener,
    PathKind,
    PathMatch,
    PrivateBytes,
    Respond,
    RetryPolicy,
    Route,
    TlsChain,
    Traffic,
    VirtualHost,
    WeightedCluster,
)
from genkan.ir.workload import Binding, Drain, File, Port, Workload

__all__ = [
    "Action",
    "BackendProtocol",
    "BackendTls",
    "Binding",
    "Capabilities",
    "Certificate",
    "Cluster",
    "Condition",
    "DnsTarget",
    "Drain",
    "DriverState",
    "Endpoint",
    "EndpointSet",
    "File",
    "Forward",
    "Level",
    "Listener",
    "Observation",
    "Origin",
    "PathKind",
    "PathMatch",
    "Phase",
    "Port",
    "PrivateBytes",
    "Reason",
    "Rejection",
    "Respond",
    "RetryPolicy",
    "Route",
    "TlsChain",
    "Traffic",
    "VirtualHost",
    "WeightedCluster",
    "Workload",
]
