"""Certificates become TLS secrets (SDS), named as the certificate: rotating one touches no listener and no connection."""

from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2

from genkan.ir import Certificate


def secret(certificate: Certificate) -> secret_pb2.Secret:
    """Give chain and key, inline; Envoy leaves the key out of its config dump."""
    return secret_pb2.Secret(
        name=certificate.name,
        tls_certificate=common_pb2.TlsCertificate(
            certificate_chain=base_pb2.DataSource(inline_bytes=certificate.chain),
            private_key=base_pb2.DataSource(inline_bytes=bytes(certificate.private_key)),
        ),
    )
