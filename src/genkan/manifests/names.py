"""The forms of names in Kubernetes objects. Each takes a text and gives what is wrong with it, or None.

Source: k8s.io/apimachinery/pkg/util/validation, which implements RFC 1123 and RFC 1035 for Kubernetes, and IANA's form of port names.
"""

import re
from ipaddress import ip_address

LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
LABEL_1035 = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
QUALIFIED = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
PORT_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+")
URL_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")


def label(text: str) -> str | None:
    """A DNS label of RFC 1123, at most 63 characters."""
    if LABEL.fullmatch(text) and len(text) <= 63:
        return None
    return (
        "must be a DNS label: at most 63 lower-case letters, digits and -, beginning and ending with a letter or digit"
    )


def service_name(text: str) -> str | None:
    """A DNS label of RFC 1035: it begins with a letter."""
    if LABEL_1035.fullmatch(text) and len(text) <= 63:
        return None
    return "must be a DNS label that begins with a letter: at most 63 lower-case letters, digits and -"


def subdomain(text: str) -> str | None:
    """A DNS name of RFC 1123, at most 253 characters."""
    if len(text) <= 253 and all(LABEL.fullmatch(part) for part in text.split(".")):
        return None
    return "must be a DNS name: lower-case letters, digits, - and ., every part beginning and ending with a letter or digit"


def wildcard(text: str) -> str | None:
    """A DNS name behind one leading "*."."""
    if text.startswith("*.") and len(text) <= 253 and subdomain(text[2:]) is None:
        return None
    return "must be *. and a DNS name: one * that stands for the whole first part"


def host(text: str) -> str | None:
    """A DNS name or a wildcard; no address."""
    return wildcard(text) if "*" in text else subdomain(text)


def is_address(text: str) -> bool:
    """Tell an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def port_name(text: str) -> str | None:
    """A service name of RFC 6335: at most 15 characters, a letter among them, no two hyphens in a row."""
    if PORT_NAME.fullmatch(text) and len(text) <= 15 and re.search("[a-z]", text):
        return None
    return "must be a port name: at most 15 lower-case letters, digits and single -, a letter among them"


def port_number(number: int) -> str | None:
    """A port."""
    return None if 1 <= number <= 65535 else "must be between 1 and 65535"


def qualified(text: str) -> str | None:
    """A label or annotation key: an optional DNS name and /, then at most 63 characters."""
    prefix, slash, name = text.rpartition("/")
    if QUALIFIED.fullmatch(name) and len(name) <= 63 and (not slash or (subdomain(prefix) is None)):
        return None
    return "must be a name of at most 63 letters, digits, -, _ and ., behind an optional DNS name and /"


def label_value(text: str) -> str | None:
    """A label's value: empty, or as the name in a key."""
    if not text or (QUALIFIED.fullmatch(text) and len(text) <= 63):
        return None
    return "must be empty or at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit"


def domain_prefixed_path(text: str) -> str | None:
    """A DNS name, / and a path, such as genkan.dev/ingress."""
    domain, slash, path = text.partition("/")
    if slash and path and subdomain(domain) is None and URL_PATH.fullmatch(path):
        return None
    return 'must be a DNS name, / and a path, such as "genkan.dev/ingress"'


def data_key(text: str) -> str | None:
    """A key of a Secret or ConfigMap."""
    if DATA_KEY.fullmatch(text) and len(text) <= 253 and text != "." and not text.startswith(".."):
        return None
    return "must be at most 253 letters, digits, -, _ and ."


def path_segment(text: str) -> str | None:
    """A name that can stand in a URL path."""
    return (
        None
        if text not in {".", ".."} and not re.search("[/%]", text)
        else 'must not be "." or ".." and hold no / or %'
    )
