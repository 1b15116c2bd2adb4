"""Which header names are removed: both tables of names are proven on the wire (tests/feature/envoy/test_claims.py)."""

import re

import pytest
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2

from genkan.dataplanes.envoy.claims import removal


def removed(name: str, *, trusted: bool = False) -> bool:
    mutation = header_mutation_pb2.HeaderMutation()
    removal(trusted=trusted).typed_config.Unpack(mutation)
    expression = mutation.mutations[0].remove_on_match.key_matcher.safe_regex.regex
    return re.fullmatch(expression, name) is not None


@pytest.mark.parametrize(
    "name",
    ["host", ":authority", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-request-id", "user_id", "te"],
)
@pytest.mark.parametrize("trusted", [False, True])
def test_what_genkan_sets_itself_and_what_others_may_say_stays(name: str, trusted: bool) -> None:
    assert not removed(name, trusted=trusted)


@pytest.mark.parametrize("name", ["x-envoy-", "x-envoy-any", "x_envoy_any", "x_forwarded_for", "x-forwarded-client_ip"])
@pytest.mark.parametrize("trusted", [False, True])
def test_what_nobody_may_say_is_removed(name: str, trusted: bool) -> None:
    assert removed(name, trusted=trusted)


@pytest.mark.parametrize("name", ["forwarded", "x-real-ip", "x-forwarded-port", "x-original-uri"])
def test_what_proxies_say_depends_on_trust(name: str) -> None:
    assert removed(name)
    assert not removed(name, trusted=True)
