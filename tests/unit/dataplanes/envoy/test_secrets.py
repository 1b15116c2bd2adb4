"""Certificates as TLS secrets."""

from genkan.dataplanes.envoy.secrets import secret
from tests.support.traffic import certificate


def test_chain_and_key_are_inline() -> None:
    message = secret(certificate("shop/tls", b"CHAIN", b"KEY"))
    assert message.name == "shop/tls"
    assert message.tls_certificate.certificate_chain.inline_bytes == b"CHAIN"
    assert message.tls_certificate.private_key.inline_bytes == b"KEY"
