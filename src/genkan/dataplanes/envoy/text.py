"""Envoy resources as plain data, for people: `genkan translate --to envoy` and the golden files. Not for Envoy: keys are digests."""

import hashlib
import json
from typing import Any

from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from google.protobuf.json_format import MessageToJson

from genkan.dataplanes.envoy.xds.snapshot import Snapshot, TypeUrl, Versioned
from genkan.ir import PrivateBytes

_SECTIONS = (
    ("listeners", TypeUrl.LISTENER),
    ("routes", TypeUrl.ROUTES),
    ("clusters", TypeUrl.CLUSTER),
    ("endpoints", TypeUrl.ENDPOINTS),
    ("secrets", TypeUrl.SECRET),
)


def to_text(snapshot: Snapshot) -> dict[str, list[dict[str, Any]]]:
    """Give every resource under its kind, sorted by name, in the fields of Envoy's documentation."""
    return {
        section: [_resource(kind, one) for _, one in sorted(snapshot.of(kind).items())] for section, kind in _SECTIONS
    }


def _resource(kind: TypeUrl, resource: Versioned) -> dict[str, Any]:
    if kind is TypeUrl.SECRET:
        secret = secret_pb2.Secret()
        resource.body.Unpack(secret)
        return _secret(secret)
    content: dict[str, Any] = json.loads(MessageToJson(resource.body, preserving_proto_field_name=True))
    del content["@type"]
    return content


def _secret(secret: secret_pb2.Secret) -> dict[str, Any]:
    chain = secret.tls_certificate.certificate_chain.inline_bytes
    key = PrivateBytes(secret.tls_certificate.private_key.inline_bytes)
    return {
        "name": secret.name,
        "tls_certificate": {
            "certificate_chain": f"<sha256:{hashlib.sha256(chain).hexdigest()[:16]}>",
            "private_key": repr(key),
        },
    }
