"""Listeners and, for TLS, one filter chain for each set of names (LDS).

A chain of its own disturbs nobody: Envoy replaces only the chains that differ, and a certificate that is renewed comes by SDS and
touches no chain. Names are matched by SNI, exact before wildcard. Envoy's wildcard also takes names with more labels, for which the
certificate is not valid either way.
"""

import socket

from envoy.config.core.v3 import address_pb2, base_pb2, socket_option_pb2
from envoy.config.listener.v3 import listener_components_pb2, listener_pb2
from envoy.extensions.filters.listener.tls_inspector.v3 import tls_inspector_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2, tls_pb2

from genkan.dataplanes.envoy import limits
from genkan.dataplanes.envoy.http import connection_manager
from genkan.dataplanes.envoy.messages import ads, packed, seconds, uint
from genkan.ir import Listener, TlsChain
from genkan.settings import Settings


def listener(wanted: Listener, address: str, port: int, settings: Settings) -> listener_pb2.Listener:
    """Render one listener at the address and port that the infrastructure gave.

    No SO_REUSEPORT: two processes could bind one address without an error and split its traffic.
    """
    bound = address_pb2.SocketAddress(address=address, port_value=port)
    message = listener_pb2.Listener(
        name=wanted.name,
        address=address_pb2.Address(socket_address=bound),
        enable_reuse_port={"value": False},
        traffic_direction="INBOUND",
        per_connection_buffer_limit_bytes=uint(limits.DOWNSTREAM_BUFFER_BYTES),
        socket_options=_keepalive(),
    )
    manager = _manager(connection_manager(wanted.name, settings))
    if not wanted.tls:
        message.filter_chains.add(name=wanted.name, filters=[manager])
        return message
    message.listener_filters.append(_tls_inspector())
    message.listener_filters_timeout.CopyFrom(seconds(limits.HANDSHAKE_SECONDS))
    for chain in wanted.tls:
        rendered = _tls_chain(chain, manager)
        if chain.server_names:
            message.filter_chains.append(rendered)
        else:
            message.default_filter_chain.CopyFrom(rendered)
    return message


def _tls_chain(chain: TlsChain, manager: listener_components_pb2.Filter) -> listener_components_pb2.FilterChain:
    tls = tls_pb2.DownstreamTlsContext(
        common_tls_context=tls_pb2.CommonTlsContext(
            tls_params=common_pb2.TlsParameters(tls_minimum_protocol_version="TLSv1_2"),
            alpn_protocols=["h2", "http/1.1"],
            tls_certificate_sds_secret_configs=[
                secret_pb2.SdsSecretConfig(name=name, sds_config=ads()) for name in chain.certificates
            ],
        )
    )
    message = listener_components_pb2.FilterChain(
        name=chain.name,
        filters=[manager],
        transport_socket=base_pb2.TransportSocket(name="tls", typed_config=packed(tls)),
        transport_socket_connect_timeout=seconds(limits.HANDSHAKE_SECONDS),
    )
    if chain.server_names:
        message.filter_chain_match.server_names.extend(chain.server_names)
    return message


def _manager(manager: http_connection_manager_pb2.HttpConnectionManager) -> listener_components_pb2.Filter:
    return listener_components_pb2.Filter(
        name="envoy.filters.network.http_connection_manager", typed_config=packed(manager)
    )


def _tls_inspector() -> listener_components_pb2.ListenerFilter:
    return listener_components_pb2.ListenerFilter(
        name="envoy.filters.listener.tls_inspector", typed_config=packed(tls_inspector_pb2.TlsInspector())
    )


def _keepalive() -> list[socket_option_pb2.SocketOption]:
    """Options of the listening socket, which Linux hands on to the connections it accepts."""
    wanted = (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, limits.KEEPALIVE_IDLE_SECONDS),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, limits.KEEPALIVE_INTERVAL_SECONDS),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, limits.KEEPALIVE_PROBES),
    )
    return [socket_option_pb2.SocketOption(level=level, name=name, int_value=value) for level, name, value in wanted]
