"""Endpoint sets as load assignments."""

from google.protobuf.json_format import MessageToDict

from genkan.dataplanes.envoy.endpoints import load_assignment
from tests.support.traffic import endpoints


def test_every_address_is_an_endpoint() -> None:
    """IPv4 and IPv6 alike, in the order of the set."""
    message = MessageToDict(load_assignment(endpoints("shop/web:80", "198.51.100.1:80", "[2001:db8::1]:8080")))
    assert message["clusterName"] == "shop/web:80"
    assert [one["endpoint"]["address"]["socketAddress"] for one in message["endpoints"][0]["lbEndpoints"]] == [
        {"address": "198.51.100.1", "portValue": 80},
        {"address": "2001:db8::1", "portValue": 8080},
    ]


def test_an_empty_set_is_an_answer() -> None:
    """Envoy waits for a set that it asked for; an empty one makes it answer 503 at once."""
    assert MessageToDict(load_assignment(endpoints("shop/web:80"))) == {"clusterName": "shop/web:80"}
