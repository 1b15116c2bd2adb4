"""What one Envoy shall have: resources by type and name, each with a version that is the hash of its content.

Pure values. A version equal to another means equal content, whoever made it and when: a restarted server need not resend.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message


class TypeUrl(StrEnum):
    """The types of resource that are served, by the names that the xDS protocol gives them."""

    CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
    ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
    SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - the name of a type


@dataclass(frozen=True, slots=True)
class Versioned:
    """A resource ready to be sent. Equal versions are equal resources; the body is not printed, it may be a private key."""

    version: str
    body: Any = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All resources of one data plane. The mappings belong to the snapshot: nobody changes them afterwards.

    Every endpoint set, route configuration and secret is used by a cluster or listener of the same snapshot: Envoy asks for those
    only, and has not acknowledged a snapshot before it has asked for all.

    A snapshot that differs in endpoints only should share the other mappings with its predecessor: comparing them is then free.
    """

    resources: Mapping[TypeUrl, Mapping[str, Versioned]]

    def of(self, type_url: TypeUrl) -> Mapping[str, Versioned]:
        """Every resource of one type, by name."""
        return self.resources.get(type_url, {})


def versioned(message: Message) -> Versioned:
    """Pack a resource and name its version by its content."""
    value = message.SerializeToString(deterministic=True)
    body = Any(type_url=f"type.googleapis.com/{message.DESCRIPTOR.full_name}", value=value)
    return Versioned(version=hashlib.blake2b(value, digest_size=16).hexdigest(), body=body)


def endpoint_set(cluster: Versioned) -> str | None:
    """Name the endpoint set that a cluster waits for when it is new or changed; None for one that finds its endpoints itself."""
    config = Cluster.FromString(cluster.body.value)
    if config.type != Cluster.EDS:
        return None
    return str(config.eds_cluster_config.service_name or config.name)
