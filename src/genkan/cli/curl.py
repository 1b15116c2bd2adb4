"""From an Ingress that serves to curl commands that work when pasted, and do nothing else.

Only what is served gets a command: rules with a usable host, paths that read well, Services that nothing is said against.
"""

import re
from collections.abc import Iterable, Iterator
from shlex import quote

from genkan.ir import Condition, Level, Reason
from genkan.model import HTTPIngressPath, Ingress, IngressBackend, IngressRule
from genkan.translate.ingress.hosts import host_fault

MOST_LINES = 4
"""A long Ingress is not repeated on the screen."""

_URL_PATH = re.compile(r"/[\w.~!$&'()+,;=:@%/-]*", re.ASCII)
"""What RFC 3986 allows in a path, without `*`, which nobody means literally."""

_PATH_FAULTS = {Reason.PATH_INVALID, Reason.PATH_DUPLICATE}


def curl_lines(
    ingress: Ingress, address: str, http: int, https: int | None, conditions: Iterable[Condition] = ()
) -> list[str]:
    """Return at most four commands: one for each rule's paths, over HTTPS where it is served and the rule's host is listed.

    `http` and `https` are real ports; https None means that there is no usable certificate. `conditions` are what is told of it.
    """
    spec = ingress.spec
    faults = {each.origin.field: each.reason for each in conditions if is_fault(each)}
    broken = {service_of(backend) for field, backend in backends_of(ingress) if below(field, faults)}
    lines = [
        line
        for index, rule in enumerate(spec.rules)
        if not rule.host or not host_fault(rule.host.lower())
        for line in rule_lines(
            ingress, rule, paths_of(ingress, index, faults, broken), address=address, http=http, https=https
        )
    ]
    if not lines and answers(spec.default_backend, broken) and all(rule.host for rule in spec.rules):
        lines = [f"curl {quote(f'http://{netloc(address, http, 80)}/')}"]
    return list(dict.fromkeys(lines))[:MOST_LINES]


def rule_lines(
    ingress: Ingress, rule: IngressRule, paths: Iterable[str], *, address: str, http: int, https: int | None
) -> Iterator[str]:
    """Give a command for each path of one rule."""
    listed = [tls for tls in ingress.spec.tls if not tls.hosts or rule.host.lower() in map(str.lower, tls.hosts)]
    secured = https is not None and rule.host and listed
    scheme, port, usual = ("https", https or 443, 443) if secured else ("http", http, 80)
    host = rule.host.lower().replace("*", "www", 1)
    options = f"--resolve {quote(f'{host}:{port}:{address}')} " if host else ""
    insecure = "-k " if secured else ""
    for path in paths:
        yield f"curl {insecure}{options}{quote(f'{scheme}://{netloc(host or address, port, usual)}{path}')}"


def paths_of(ingress: Ingress, index: int, faults: dict[str, Reason], broken: set[str]) -> Iterator[str]:
    """Give a request path for each served path of one rule."""
    rule = ingress.spec.rules[index]
    if rule.http is None:
        if answers(ingress.spec.default_backend, broken):
            yield "/"
        return
    for number, path in enumerate(rule.http.paths):
        field = f"spec.rules[{index}].http.paths[{number}]."
        left_out = any(at.startswith(field) and reason in _PATH_FAULTS for at, reason in faults.items())
        wanted = request_path(path)
        if not left_out and answers(path.backend, broken) and _URL_PATH.fullmatch(wanted):
            yield wanted


def is_fault(condition: Condition) -> bool:
    """Tell whether a condition is about a field of the Ingress that cannot be served as it is written."""
    return condition.level is Level.WARNING and condition.origin.kind == "Ingress"


def backends_of(ingress: Ingress) -> Iterator[tuple[str, IngressBackend]]:
    """Give every backend of the Ingress with its field."""
    if ingress.spec.default_backend is not None:
        yield "spec.defaultBackend", ingress.spec.default_backend
    for index, rule in enumerate(ingress.spec.rules):
        for number, path in enumerate(rule.http.paths if rule.http else ()):
            yield f"spec.rules[{index}].http.paths[{number}].backend", path.backend


def below(field: str, faults: Iterable[str]) -> bool:
    """Tell whether something is told of this field or of one in it."""
    return any(at == field or at.startswith(f"{field}.") for at in faults)


def service_of(backend: IngressBackend) -> str:
    """Name a backend's Service, "" for none. A fault is told once for a Service, at the first field that names it."""
    return backend.service.name if backend.service is not None else ""


def answers(backend: IngressBackend | None, broken: set[str]) -> bool:
    """Tell whether a backend's Service is there and nothing is said against it."""
    return backend is not None and service_of(backend) not in {"", *broken}


def netloc(host: str, port: int, usual: int) -> str:
    """Return host and port as a URL has them: brackets around IPv6, no port where it is the usual one."""
    name = f"[{host}]" if ":" in host else host
    return name if port == usual else f"{name}:{port}"


def request_path(path: HTTPIngressPath) -> str:
    """Return a path that the rule matches."""
    return (path.path or "/").removesuffix("*")
