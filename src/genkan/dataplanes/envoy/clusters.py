"""Clusters: how a backend is reached (CDS).

Endpoints come apart (EDS) and are shared by clusters whose policies differ; a DNS name is looked up by Envoy.
"""

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2
from envoy.config.core.v3 import address_pb2, base_pb2, extension_pb2, protocol_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.extensions.clusters.dns.v3 import dns_cluster_pb2
from envoy.extensions.network.dns_resolver.cares.v3 import cares_dns_resolver_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, tls_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.type.matcher.v3 import string_pb2
from envoy.type.v3 import percent_pb2

from genkan.dataplanes.envoy import limits
from genkan.dataplanes.envoy.messages import ads, packed, seconds, uint
from genkan.ir import BackendProtocol, BackendTls, Cluster, DnsTarget

TRUSTED_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian, Ubuntu, Alpine and Envoy's own image keep the authorities that everybody trusts."""

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(wanted: Cluster) -> cluster_pb2.Cluster:
    """Render one cluster.

    Round robin, because its spread is even from the first request on: ten requests reach ten pods, where least-request's two
    random choices may miss some. Without health checks there is nothing to panic about: every known endpoint counts as healthy.
    """
    message = cluster_pb2.Cluster(
        name=wanted.name,
        connect_timeout=seconds(wanted.connect_timeout),
        lb_policy="ROUND_ROBIN",
        per_connection_buffer_limit_bytes=uint(limits.UPSTREAM_BUFFER_BYTES),
        circuit_breakers=_circuit_breakers(),
        upstream_connection_options=_keepalive(),
        common_lb_config=cluster_pb2.Cluster.CommonLbConfig(healthy_panic_threshold=percent_pb2.Percent(value=0)),
    )
    message.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(packed(_protocol(wanted)))
    if isinstance(wanted.target, DnsTarget):
        _resolve(message, wanted.target)
    else:
        message.type = "EDS"
        message.eds_cluster_config.CopyFrom(
            cluster_pb2.Cluster.EdsClusterConfig(eds_config=ads(), service_name=wanted.target)
        )
    if wanted.tls is not None:
        tls = packed(_tls(wanted.tls, wanted.protocol))
        message.transport_socket.CopyFrom(base_pb2.TransportSocket(name="tls", typed_config=tls))
    return message


def _protocol(wanted: Cluster) -> http_protocol_options_pb2.HttpProtocolOptions:
    options = http_protocol_options_pb2.HttpProtocolOptions
    if wanted.protocol is BackendProtocol.HTTP2:
        # HTTP/2 says goodbye (GOAWAY), so that no request meets a closing connection; Envoy's idle time of an hour may stay.
        explicit = options.ExplicitHttpConfig(http2_protocol_options=protocol_pb2.Http2ProtocolOptions())
        message = options(explicit_http_config=explicit)
    else:
        explicit = options.ExplicitHttpConfig(http_protocol_options=protocol_pb2.Http1ProtocolOptions())
        idle = protocol_pb2.HttpProtocolOptions(idle_timeout=seconds(limits.UPSTREAM_IDLE_SECONDS))
        message = options(explicit_http_config=explicit, common_http_protocol_options=idle)
    if wanted.tls is not None and not wanted.tls.server_name:
        message.upstream_http_protocol_options.auto_sni = True
        message.upstream_http_protocol_options.auto_san_validation = wanted.tls.verify
    return message


def _tls(wanted: BackendTls, protocol: BackendProtocol) -> tls_pb2.UpstreamTlsContext:
    common = tls_pb2.CommonTlsContext(alpn_protocols=["h2" if protocol is BackendProtocol.HTTP2 else "http/1.1"])
    if wanted.verify:
        roots = common_pb2.CertificateValidationContext(trusted_ca=base_pb2.DataSource(filename=TRUSTED_ROOTS))
        if wanted.server_name:
            name = common_pb2.SubjectAltNameMatcher(
                san_type="DNS", matcher=string_pb2.StringMatcher(exact=wanted.server_name)
            )
            roots.match_typed_subject_alt_names.append(name)
        common.validation_context.CopyFrom(roots)
    return tls_pb2.UpstreamTlsContext(common_tls_context=common, sni=wanted.server_name)


def _resolve(message: cluster_pb2.Cluster, target: DnsTarget) -> None:
    """Look the name up, use every address it has, follow its time to live.

    IPv4 first: a name with both families on a network without IPv6 is far more common on premises than an IPv6-only name.
    """
    resolver = cares_dns_resolver_pb2.CaresDnsResolverConfig()
    resolver.query_timeout_seconds.value = limits.DNS_QUERY_SECONDS
    resolver.query_tries.value = limits.DNS_QUERY_TRIES
    options = dns_cluster_pb2.DnsCluster(
        dns_refresh_rate=seconds(limits.DNS_TTL_FALLBACK_SECONDS),
        respect_dns_ttl=True,
        dns_lookup_family="V4_PREFERRED",
        typed_dns_resolver_config=extension_pb2.TypedExtensionConfig(
            name="envoy.network.dns_resolver.cares", typed_config=packed(resolver)
        ),
    )
    kind = cluster_pb2.Cluster.CustomClusterType(name="envoy.cluster.dns", typed_config=packed(options))
    message.cluster_type.CopyFrom(kind)
    address = address_pb2.Address(socket_address=address_pb2.SocketAddress(address=target.host, port_value=target.port))
    endpoint = endpoint_components_pb2.LbEndpoint(endpoint=endpoint_components_pb2.Endpoint(address=address))
    group = endpoint_components_pb2.LocalityLbEndpoints(lb_endpoints=[endpoint])
    message.load_assignment.CopyFrom(endpoint_pb2.ClusterLoadAssignment(cluster_name=message.name, endpoints=[group]))


def _circuit_breakers() -> circuit_breaker_pb2.CircuitBreakers:
    unlimited = uint(limits.UNLIMITED)
    thresholds = circuit_breaker_pb2.CircuitBreakers.Thresholds(
        max_connections=unlimited, max_pending_requests=unlimited, max_requests=unlimited, max_retries=unlimited
    )
    return circuit_breaker_pb2.CircuitBreakers(thresholds=[thresholds])


def _keepalive() -> cluster_pb2.UpstreamConnectionOptions:
    return cluster_pb2.UpstreamConnectionOptions(
        tcp_keepalive=address_pb2.TcpKeepalive(
            keepalive_probes=uint(limits.KEEPALIVE_PROBES),
            keepalive_time=uint(limits.KEEPALIVE_IDLE_SECONDS),
            keepalive_interval=uint(limits.KEEPALIVE_INTERVAL_SECONDS),
        )
    )
