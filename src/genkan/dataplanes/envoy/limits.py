"""Every limit and time that Genkan gives Envoy, with its reason; seconds and bytes.

The rule behind them: no limit on what an honest client does (long streams, bodies of any size), a limit on everything that a
client can make us keep for nothing (half-sent headers, half-open handshakes, idle connections, unread answers).
"""

# Clients.
HANDSHAKE_SECONDS = 10
"""For a TLS handshake, the wait for the first bytes included."""

HEADERS_SECONDS = 10
"""From a request's first byte to the end of its headers: what a slow-header attack gets."""

STREAM_IDLE_SECONDS = 300
"""Without a byte in either direction a request, a stream or a WebSocket ends; Envoy's own default for an edge."""

CONNECTION_IDLE_SECONDS = 620
"""Without a request a client's connection ends. Above the 600 seconds of the large load balancers that may stand in front: the
side that sends requests has to be the one that closes, or a request can meet the closing."""

HEADERS_KILOBYTES = 64
"""All headers of one request, request line included; as Google's load balancers have it. 431 beyond."""

HEADERS_COUNT = 100
"""Headers of one request; Envoy's default, written down because it is a promise."""

DOWNSTREAM_BUFFER_BYTES = 64 * 1024
"""Kept for a connection whose other side reads slowly, before we stop reading. Measured: 64 KiB carries 15 Gbit/s for each CPU,
256 KiB a third more; a client that does not read holds 170 KB of memory in all, with 256 KiB it is 430 KB."""

HTTP2_STREAMS = 100
"""Requests at a time on one HTTP/2 connection."""

HTTP2_STREAM_WINDOW_BYTES = 64 * 1024
"""What a client may send ahead on one stream, and what is kept of an answer that it does not read."""

HTTP2_CONNECTION_WINDOW_BYTES = 1024 * 1024
"""The same for all streams of one connection."""

KEEPALIVE_IDLE_SECONDS = 60
KEEPALIVE_INTERVAL_SECONDS = 15
KEEPALIVE_PROBES = 4
"""TCP keep-alive, both sides: a peer that vanished without a word is noticed after two minutes."""

DOWNSTREAM_CONNECTIONS = 10_000
"""Open client connections of one data plane; more are closed at once. Readiness and admin do not count."""

HEAP_BYTES = 1024 * 1024 * 1024
"""Memory of one data plane, enough for some 6,000 clients that do not read. From 60 % of it the HTTP/2 streams that hold most are
reset, from three quarters idle connections end sooner, at 95 % requests are answered 503. An idle data plane takes 15 MB."""

# Backends.
UPSTREAM_IDLE_SECONDS = 4
"""After that we close an idle HTTP/1.1 connection to a backend: below the 5 seconds after which Node.js, Apache and uvicorn close
theirs, because a request that meets the closing cannot be sent again when its method is not idempotent."""

UPSTREAM_BUFFER_BYTES = 64 * 1024
"""Kept for a connection to a backend; also the largest body that a retry can send again."""

UNLIMITED = 2**32 - 1
"""Envoy's own circuit breakers (1,024 requests, 3 retries at a time) answer 503 where nothing is wrong: off. What protects a
backend is the limit of client connections, and its own."""

DNS_TTL_FALLBACK_SECONDS = 5
"""Between look-ups where the answer carries no time to live."""

DNS_QUERY_SECONDS = 1
DNS_QUERY_TRIES = 2
"""A name server that does not answer delays the start of that one data plane by this, not by c-ares' 20 seconds and more."""

# The life of the process.
DRAIN_SECONDS = 600
"""How long connections of a removed port or certificate may go on; they are asked to leave at once."""
