"""Rules: `spec.rules` and `spec.defaultBackend` to virtual hosts and routes in their final order.

Takes the Ingress and a way to resolve backends; gives virtual hosts and what there is to tell. The rules:

- The same host in several rules, in whatever letter case, is one virtual host. A rule without host is for every host that no other rule
  names; a host that is named never falls through to it.
- Within a host Exact comes before Prefix and the longest first. Of two paths that match the same, the first in the manifest answers, and the
  other is reported.
- `defaultBackend` answers whatever no rule's path matches, of named hosts and of all others (as the API says: "if none of the hosts or paths
  match"). A rule without `http` sends its whole host there. Without it the answer is the data plane's 404.
- An invalid host costs its rule, an invalid path only itself: the host goes on being ours, so its other requests do not fall through.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from genkan.ir import Condition, Origin, PathKind, PathMatch, Reason, Route, VirtualHost
from genkan.model import HTTPIngressPath, Ingress, IngressRule
from genkan.translate.ingress.backends import Backends
from genkan.translate.ingress.hosts import ANY, host_fault
from genkan.translate.ingress.naming import default_route_name, route_name
from genkan.translate.ingress.paths import PathFault, order, parse_path

_EVERYTHING = PathMatch(PathKind.PREFIX, "/")


@dataclass(slots=True)
class _Host:
    """A virtual host while its rules are read; routes by what they match."""

    origin: Origin
    routes: dict[PathMatch, Route] = field(default_factory=dict)


def virtual_hosts(ingress: Ingress, backends: Backends) -> tuple[tuple[VirtualHost, ...], tuple[Condition, ...]]:
    """Give the virtual hosts in the manifest's order, and conditions. Backends' own conditions stay with `backends`."""
    origin = Origin("Ingress", *ingress.key, "spec")
    conditions: list[Condition] = []
    hosts: dict[str, _Host] = {}
    for index, rule in enumerate(ingress.spec.rules):
        at = origin.at(f"rules[{index}]")
        name = rule.host.lower() or ANY
        fault = host_fault(name) if rule.host else ""
        if fault:
            message = f'host "{rule.host}": {fault}; the rule is left out'
            conditions.append(Condition(at.at("host"), Reason.HOST_INVALID, message))
            continue
        host = hosts.setdefault(name, _Host(at))
        conditions.extend(_add_paths(host, name, rule, at, backends))
    if ingress.spec.default_backend is not None:
        at = origin.at("defaultBackend")
        action = backends.action(ingress.spec.default_backend, at)
        hosts.setdefault(ANY, _Host(at))
        for name, host in hosts.items():
            host.routes.setdefault(_EVERYTHING, Route(default_route_name(name), _EVERYTHING, action, origin=at))
    return tuple(_finish(name, host) for name, host in hosts.items()), tuple(conditions)


def _finish(name: str, host: _Host) -> VirtualHost:
    routes = sorted(host.routes.values(), key=lambda route: order(route.match))
    return VirtualHost(name, tuple(routes), origin=host.origin)


def _add_paths(host: _Host, name: str, rule: IngressRule, at: Origin, backends: Backends) -> Iterator[Condition]:
    if rule.http is None:
        return
    for index, path in enumerate(rule.http.paths):
        yield from _add_path(host, name, path, at.at(f"http.paths[{index}]"), backends)


def _add_path(host: _Host, name: str, path: HTTPIngressPath, at: Origin, backends: Backends) -> Iterator[Condition]:
    parsed = parse_path(path.path, path.path_type)
    if isinstance(parsed, PathFault):
        subject = f'path "{path.path}": ' if parsed.in_type else f'path "{path.path}" '
        message = f"{subject}{parsed.message}; this path is left out"
        yield Condition(at.at("pathType" if parsed.in_type else "path"), Reason.PATH_INVALID, message)
        return
    if parsed.remark:
        yield Condition(at.at("path"), Reason.UNSUPPORTED, f'path "{path.path}" {parsed.remark}')
    first = host.routes.get(parsed.match)
    if first is not None:
        yield _duplicate(parsed.match, name, first, at)
        return
    action = backends.action(path.backend, at.at("backend"))
    host.routes[parsed.match] = Route(route_name(name, parsed.match), parsed.match, action, origin=at)


def _duplicate(match: PathMatch, host: str, first: Route, at: Origin) -> Condition:
    of = "" if host == ANY else f" of host {host}"
    message = f"{match.value} ({match.kind}){of} stands at both {first.origin.field} and {at.field}; the first answers, remove one of them"
    return Condition(at.at("path"), Reason.PATH_DUPLICATE, message)
