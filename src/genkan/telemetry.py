"""What Genkan says of itself: structured logs and metrics. Knows no part of the product; every part may use it.

Metrics live in a registry of the caller's, so that two controllers in one process (tests) never share one.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from genkan.errors import ConfigError

STAGES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the duration histograms, seconds."""


def configure_logs(
    *, level: str, json: bool, colours: bool, to: TextIO | None = None, escape: Callable[[str], str] = str
) -> None:
    """Send logs to standard error, or to another stream: lines for people, or JSON for collectors.

    `escape` makes one line of visible characters of any text: what is logged quotes manifests.
    """

    def escaped(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        traceback = (
            {"exception": "\n".join(map(escape, event["exception"].split("\n")))} if "exception" in event else {}
        )
        return {key: escape(value) if isinstance(value, str) else value for key, value in event.items()} | traceback

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            escaped,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(to or sys.stderr),
        cache_logger_on_first_use=False,
    )


class Telemetry:
    """The controller's metrics. Low cardinality: no metric is labelled by Ingress."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.reconcile_seconds = Histogram(
            "genkan_reconcile_seconds",
            "Duration of one reconcile, by what it had to do",
            ["scope"],
            buckets=STAGES,
            registry=self.registry,
        )
        self.reconcile_failures = Counter(
            "genkan_reconcile_failures_total", "Reconciles that failed and are tried again", registry=self.registry
        )
        self.data_planes = Gauge("genkan_data_planes", "Data planes that exist", registry=self.registry)
        self._expired: dict[str, int] = {}
        self.expired_certificates = Gauge(
            "genkan_expired_certificates", "Expired certificates that are still served", registry=self.registry
        )

    def seen(self, key: str, *, expired: int) -> None:
        """Take note of a data plane that exists, and how many of its certificates have expired."""
        self.expired_certificates.inc(expired - self._expired.get(key, 0))
        self._expired[key] = expired
        self.data_planes.set(len(self._expired))

    def gone(self, key: str) -> None:
        """Take note of a data plane that no longer exists."""
        self.expired_certificates.dec(self._expired.pop(key, 0))
        self.data_planes.set(len(self._expired))

    def serve(self, address: str) -> Callable[[], None]:
        """Serve the metrics at http://HOST:PORT/metrics; returns what ends that."""
        host, _, port = address.rpartition(":")
        if not port.isdecimal() or int(port) > 65535:
            raise ConfigError(f"metrics address {address!r} is not HOST:PORT")
        try:
            bare = host.removeprefix("[").removesuffix("]")
            server, thread = start_http_server(int(port), bare or "127.0.0.1", registry=self.registry)
        except OSError as error:
            raise ConfigError(f"metrics address {address}: {error.strerror or error}") from error

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return end

    @contextmanager
    def reconciling(self, key: str, scope: str) -> Iterator[None]:
        """Time one reconcile and put its key on every log line meanwhile."""
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(ingress=key):
            try:
                yield
            finally:
                self.reconcile_seconds.labels(scope).observe(time.perf_counter() - started)
