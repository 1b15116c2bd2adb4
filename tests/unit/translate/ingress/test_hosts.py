"""Hosts: valid ones pass, others are told what to write instead; one wildcard at most matches a name."""

import pytest

from genkan.translate.ingress.hosts import host_fault, request_host, wildcard_of


@pytest.mark.parametrize(
    "host",
    ["foo.com", "a", "a-b.c-d.example", "*.foo.com", "*.com", "0.foo.com", "xn--bcher-kva.example", "1.2.3.4.example"],
)
def test_names_and_one_leading_wildcard_are_valid(host: str) -> None:
    """RFC 1123 subdomains, optionally after `*.`."""
    assert host_fault(host) == ""


@pytest.mark.parametrize(
    ("host", "says"),
    [
        pytest.param("*", "leave host out", id="star alone"),
        pytest.param("https://foo.com", "without scheme", id="URL"),
        pytest.param("foo.com/bar", "without scheme and path", id="path"),
        pytest.param("198.51.100.1", "IP address", id="IPv4"),
        pytest.param("2001:db8::1", "IP address", id="IPv6"),
        pytest.param("[2001:db8::1]", "IP address", id="IPv6 in brackets"),
        pytest.param("foo.com:8080", "port", id="port"),
        pytest.param("a.*.com", "wildcard", id="wildcard inside"),
        pytest.param("*a.com", "wildcard", id="part of a label"),
        pytest.param("*.*.com", "wildcard", id="two wildcards"),
        pytest.param("foo.com.", "dot at the end", id="final dot"),
        pytest.param("a." * 126 + "com", "253", id="too long"),
        pytest.param("foo_bar.com", "labels", id="underscore"),
        pytest.param("-foo.com", "labels", id="hyphen first"),
        pytest.param("foo..com", "labels", id="empty label"),
        pytest.param("bücher.example", "labels", id="not ASCII"),
        pytest.param("foo.com\n", "labels", id="line end"),
        pytest.param(" foo.com", "labels", id="blank"),
    ],
)
def test_what_is_no_host_is_told_what_to_write(host: str, says: str) -> None:
    """Each usual mistake has its own sentence."""
    assert says in host_fault(host)


@pytest.mark.parametrize(
    ("host", "wildcard"),
    [("a.foo.com", "*.foo.com"), ("a.b.foo.com", "*.b.foo.com"), ("foo.com", "*.com"), ("com", ""), (".foo.com", "")],
)
def test_exactly_one_label_stands_for_the_star(host: str, wildcard: str) -> None:
    """`*.foo.com` matches `a.foo.com`, neither `a.b.foo.com` nor `foo.com`."""
    assert wildcard_of(host) == wildcard


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("foo.com", "foo.com"),
        ("Foo.COM:8080", "foo.com"),
        ("foo.com:", "foo.com"),
        ("[2001:db8::1]:80", "[2001:db8::1]"),
        ("198.51.100.1:80", "198.51.100.1"),
        ("", ""),
    ],
)
def test_the_port_and_letter_case_of_a_request_make_no_difference(authority: str, host: str) -> None:
    """Any port in Host matches."""
    assert request_host(authority) == host
