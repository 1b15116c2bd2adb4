"""appProtocol: every name that Kubernetes and other controllers use."""

import pytest

from genkan.ir import BackendProtocol
from genkan.translate.ingress.protocols import AppProtocol, app_protocol

HTTP1, HTTP2 = BackendProtocol.HTTP1, BackendProtocol.HTTP2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", AppProtocol(HTTP1)),
        ("http", AppProtocol(HTTP1)),
        ("HTTP", AppProtocol(HTTP1)),
        ("https", AppProtocol(HTTP1, tls=True)),
        ("kubernetes.io/h2c", AppProtocol(HTTP2)),
        ("h2c", AppProtocol(HTTP2)),
        ("http2", AppProtocol(HTTP2)),
        ("grpc", AppProtocol(HTTP2)),
        ("kubernetes.io/ws", AppProtocol(HTTP1)),
        ("kubernetes.io/wss", AppProtocol(HTTP1, tls=True)),
        ("mysql", None),
    ],
)
def test_what_a_name_means(name: str, expected: AppProtocol | None) -> None:
    """Unknown is None, so that the caller can say so."""
    assert app_protocol(name) == expected
