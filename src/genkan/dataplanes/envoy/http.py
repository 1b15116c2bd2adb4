"""The HTTP connection manager: what happens to every request before routing and after."""

from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.config.core.v3 import address_pb2, base_pb2, protocol_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2

from genkan.dataplanes.envoy import claims, limits, routes
from genkan.dataplanes.envoy.matching import everything_but
from genkan.dataplanes.envoy.messages import ads, packed, seconds, uint
from genkan.settings import Settings

NOT_FOUND = "404: no Ingress rule matches this host and path\n"
NO_ENDPOINTS = "503: no endpoint of the backend is ready\n"
UNREACHABLE = "503: the backend cannot be reached\n"
RESET = "503: the backend closed the connection before it answered\n"
"""What a client reads when Envoy itself answers. Nothing of the request is repeated in it."""

NO_HOST = "0.0.0.0"
"""The host of an HTTP/1.0 request that names none: an address, so that no rule of an Ingress can have it, only those without host."""

_ANSWERS = {"NR": NOT_FOUND, "UH": NO_ENDPOINTS, "UF": UNREACHABLE, "UC": RESET}


def connection_manager(name: str, settings: Settings) -> hcm_pb2.HttpConnectionManager:
    """Render the connection manager of one listener; `name` is the prefix of its statistics.

    What a client says about itself: X-Forwarded-For gets the client's address appended last and keeps what was there, as Google's
    load balancers do (readers count from the right); X-Forwarded-Proto, X-Forwarded-Host and X-Request-Id are replaced and what
    `claims` names is removed, unless `trusted_hops` says that a proxy in front has set them. Nobody counts as internal, whatever
    the address.
    """
    return hcm_pb2.HttpConnectionManager(
        stat_prefix=name,
        rds=hcm_pb2.Rds(config_source=ads(), route_config_name=routes.NAME),
        http_filters=[_router()],
        # A Server header of the backend's stays; where it sends none, ours stands.
        server_name="genkan",
        server_header_transformation="APPEND_IF_ABSENT",
        use_remote_address={"value": True},
        xff_num_trusted_hops=settings.trusted_hops,
        skip_xff_append=True,  # the routes append it
        preserve_external_request_id=settings.trusted_hops > 0,
        internal_address_config=_nobody(),
        early_header_mutation_extensions=[claims.removal(trusted=settings.trusted_hops > 0)],
        upgrade_configs=[hcm_pb2.HttpConnectionManager.UpgradeConfig(upgrade_type="websocket")],
        common_http_protocol_options=protocol_pb2.HttpProtocolOptions(
            idle_timeout=seconds(limits.CONNECTION_IDLE_SECONDS), max_headers_count=uint(limits.HEADERS_COUNT)
        ),
        http_protocol_options=_http1(),
        http2_protocol_options=_http2(),
        max_request_headers_kb=uint(limits.HEADERS_KILOBYTES),
        request_headers_timeout=seconds(limits.HEADERS_SECONDS),
        stream_idle_timeout=seconds(limits.STREAM_IDLE_SECONDS),
        # The path reaches the backend byte for byte.
        normalize_path={"value": False},
        merge_slashes=False,
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        local_reply_config=hcm_pb2.LocalReplyConfig(mappers=[_answer(flag, body) for flag, body in _ANSWERS.items()]),
    )


def _nobody() -> hcm_pb2.HttpConnectionManager.InternalAddressConfig:
    """Give a range in which no client can be: with none at all Envoy counts loopback as internal and believes what it says."""
    nowhere = address_pb2.CidrRange(address_prefix="255.255.255.255", prefix_len=uint(32))
    return hcm_pb2.HttpConnectionManager.InternalAddressConfig(cidr_ranges=[nowhere])


def _http1() -> protocol_pb2.Http1ProtocolOptions:
    """HTTP/1.0 is answered; an upgrade that we do not speak is ignored (RFC 9110, 7.8): every one but WebSocket.

    Envoy asks for each name in the Upgrade header.
    """
    others = regex_pb2.RegexMatcher(regex=f"(?i){everything_but('websocket')}")
    return protocol_pb2.Http1ProtocolOptions(
        accept_http_10=True,
        default_host_for_http_10=NO_HOST,
        ignore_http_11_upgrade=[string_pb2.StringMatcher(safe_regex=others)],
    )


def _http2() -> protocol_pb2.Http2ProtocolOptions:
    """WebSockets over HTTP/2 (RFC 8441) are taken; Envoy's own limits against floods of small frames stay."""
    return protocol_pb2.Http2ProtocolOptions(
        allow_connect=True,
        max_concurrent_streams=uint(limits.HTTP2_STREAMS),
        initial_stream_window_size=uint(limits.HTTP2_STREAM_WINDOW_BYTES),
        initial_connection_window_size=uint(limits.HTTP2_CONNECTION_WINDOW_BYTES),
    )


def _answer(flag: str, body: str) -> hcm_pb2.ResponseMapper:
    return hcm_pb2.ResponseMapper(
        filter=accesslog_pb2.AccessLogFilter(response_flag_filter=accesslog_pb2.ResponseFlagFilter(flags=[flag])),
        body=base_pb2.DataSource(inline_string=body),
    )


def _router() -> hcm_pb2.HttpFilter:
    """Envoy's own headers are nobody's business; no statistics for each path through it."""
    router = router_pb2.Router(suppress_envoy_headers=True, dynamic_stats={"value": False})
    return hcm_pb2.HttpFilter(name="envoy.filters.http.router", typed_config=packed(router))
