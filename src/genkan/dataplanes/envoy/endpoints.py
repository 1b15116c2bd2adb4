"""Endpoint sets become cluster load assignments (EDS), named as the set."""

from envoy.config.core.v3 import address_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2

from genkan.ir import Endpoint, EndpointSet


def load_assignment(endpoints: EndpointSet) -> endpoint_pb2.ClusterLoadAssignment:
    """Give the addresses that serve; an empty set is an answer too: 503 at once instead of a wait."""
    if not endpoints.endpoints:
        return endpoint_pb2.ClusterLoadAssignment(cluster_name=endpoints.name)
    group = endpoint_components_pb2.LocalityLbEndpoints(lb_endpoints=[_endpoint(one) for one in endpoints.endpoints])
    return endpoint_pb2.ClusterLoadAssignment(cluster_name=endpoints.name, endpoints=[group])


def _endpoint(endpoint: Endpoint) -> endpoint_components_pb2.LbEndpoint:
    address = address_pb2.Address(
        socket_address=address_pb2.SocketAddress(address=endpoint.address, port_value=endpoint.port)
    )
    return endpoint_components_pb2.LbEndpoint(endpoint=endpoint_components_pb2.Endpoint(address=address))
