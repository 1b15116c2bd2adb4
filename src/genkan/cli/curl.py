"""From an Ingress that serves to curl commands that work when pasted."""

from shlex import quote

from genkan.model import HTTPIngressPath, Ingress, IngressRule

MOST_LINES = 4
"""A long Ingress is not repeated on the screen."""


def curl_lines(ingress: Ingress, address: str, http: int, https: int | None) -> list[str]:
    """Return at most four commands: one for each rule's first path, over HTTPS where it is served and the rule's host is listed.

    `http` and `https` are real ports; https None means that there is no usable certificate.
    """
    spec = ingress.spec
    if not spec.rules:
        return [f"curl http://{netloc(address, http, 80)}/"] if spec.default_backend else []
    lines = [line for rule in spec.rules for line in rule_lines(ingress, rule, address, http, https)]
    return list(dict.fromkeys(lines))[:MOST_LINES]


def rule_lines(ingress: Ingress, rule: IngressRule, address: str, http: int, https: int | None) -> list[str]:
    """Return a command for each path of one rule."""
    paths = [request_path(path) for path in rule.http.paths] if rule.http else ["/"]
    host = rule.host.replace("*", "www", 1)
    if not host:
        return [f"curl {quote(f'http://{netloc(address, http, 80)}{path}')}" for path in paths]
    secured = https is not None and any(rule.host in tls.hosts or not tls.hosts for tls in ingress.spec.tls)
    if secured and https is not None:
        resolve = f"--resolve {host}:{https}:{address}"
        return [f"curl -k {resolve} {quote(f'https://{netloc(host, https, 443)}{path}')}" for path in paths]
    return [
        f"curl --resolve {host}:{http}:{address} {quote(f'http://{netloc(host, http, 80)}{path}')}" for path in paths
    ]


def netloc(host: str, port: int, usual: int) -> str:
    """Return host and port as a URL has them: brackets around IPv6, no port where it is the usual one."""
    name = f"[{host}]" if ":" in host else host
    return name if port == usual else f"{name}:{port}"


def request_path(path: HTTPIngressPath) -> str:
    """Return a path that the rule matches."""
    return (path.path or "/").removesuffix("*")
