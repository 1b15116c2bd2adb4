"""Metrics say what they promise, and end with their server."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from socket import AF_INET6, socket

import pytest
import structlog

from genkan.errors import ConfigError
from genkan.telemetry import Telemetry, configure_logs


def free_port() -> int:
    with closing(socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def logs() -> Iterator[StringIO]:
    """What is logged, for people."""
    stream = StringIO()
    configure_logs(level="info", json=False, colours=False, to=stream, escape=lambda text: text.replace("\x1b", "ESC"))
    yield stream
    structlog.reset_defaults()


def test_what_is_logged_is_escaped(logs: StringIO) -> None:
    """Text, values and tracebacks: all may quote a manifest. A traceback keeps its lines."""
    structlog.get_logger().error("\x1b2", name="\x1b3", number=4, exc_info=ValueError("\x1b1"))
    assert "\x1b" not in logs.getvalue()
    assert all(text in logs.getvalue() for text in ("ESC1", "ESC2", "ESC3", "number=4", "\nValueError"))


def test_expired_certificates_are_counted_over_all_data_planes() -> None:
    """A data plane that is gone no longer counts, nor do its certificates."""
    telemetry = Telemetry()
    telemetry.seen("shop/web", expired=1)
    telemetry.seen("shop/api", expired=2)
    telemetry.seen("shop/web", expired=0)
    assert telemetry.registry.get_sample_value("genkan_expired_certificates") == 2
    assert telemetry.registry.get_sample_value("genkan_data_planes") == 2
    telemetry.gone("shop/api")
    assert telemetry.registry.get_sample_value("genkan_expired_certificates") == 0
    assert telemetry.registry.get_sample_value("genkan_data_planes") == 1


def test_reconciles_are_timed_by_scope() -> None:
    """A failed one too."""
    telemetry = Telemetry()
    with pytest.raises(ValueError, match="broken"), telemetry.reconciling("shop/web", "all"):
        raise ValueError("broken")
    assert telemetry.registry.get_sample_value("genkan_reconcile_seconds_count", {"scope": "all"}) == 1


def test_metrics_are_served_until_ended() -> None:
    """In the format that Prometheus scrapes."""
    port = free_port()
    end = Telemetry().serve(f"127.0.0.1:{port}")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert b"genkan_data_planes 0.0" in answer.read()
    end()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)


def test_metrics_are_served_on_ipv6() -> None:
    """The address is written with brackets, as in a URL."""
    with closing(socket(AF_INET6)) as listener:
        try:
            listener.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        port = listener.getsockname()[1]
    end = Telemetry().serve(f"[::1]:{port}")
    with urllib.request.urlopen(f"http://[::1]:{port}/metrics", timeout=5) as answer:
        assert answer.status == 200
    end()


@pytest.mark.parametrize("address", ["", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    """In one line, naming it."""
    with pytest.raises(ConfigError, match="HOST:PORT"):
        Telemetry().serve(address)


def test_a_taken_port_is_a_clear_error() -> None:
    """No stack trace for the operator."""
    with closing(socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(ConfigError, match="in use"):
            Telemetry().serve(f"127.0.0.1:{listener.getsockname()[1]}")
