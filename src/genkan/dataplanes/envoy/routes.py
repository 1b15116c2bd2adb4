"""Virtual hosts become the one route configuration "ingress" that every listener uses (RDS).

Order is final, as given. Hosts are compared without port and letter case, paths byte for byte and without the query: neither dot
segments nor double slashes nor %2F are folded, the backend gets what the client sent (a backend that folds them itself may serve
a path that a rule here did not name: rules are no access control).
"""

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from xds.type.matcher.v3 import matcher_pb2

from genkan.dataplanes.envoy import retries
from genkan.dataplanes.envoy.matching import if_contains, if_header, route_list
from genkan.dataplanes.envoy.messages import seconds, uint
from genkan.ir import Forward, PathKind, PathMatch, Respond, Route, VirtualHost
from genkan.settings import Settings

NAME = "ingress"
"""The route configuration's name."""

TWO_HOSTS = "400: a request names one host\n"
"""What a client reads that sent two Host headers, or one with a comma."""


def route_configuration(hosts: tuple[VirtualHost, ...], settings: Settings) -> route_pb2.RouteConfiguration:
    """Render all virtual hosts. Settings say whether a proxy in front may have set X-Forwarded-Host."""
    named = [host for host in hosts if host.host != "*"]
    rest = _unnamed(next((host.routes for host in hosts if host.host == "*"), ()))
    unnamed = route_components_pb2.VirtualHost(name="*", domains=["*"], matcher=rest)
    return route_pb2.RouteConfiguration(
        name=NAME,
        virtual_hosts=[*(_virtual_host(host, rest) for host in named), unnamed],
        ignore_port_in_host_matching=True,
        request_headers_to_add=_forwarded(trusted=settings.trusted_hops > 0),
        request_headers_to_remove=["x-envoy-external-address"],
    )


def _forwarded(*, trusted: bool) -> list[base_pb2.HeaderValueOption]:
    """Tell the backend who asked for what. Not by the connection manager: it would write our address for a loopback client's."""
    return [
        base_pb2.HeaderValueOption(
            header=base_pb2.HeaderValue(key="x-forwarded-for", value="%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"),
            append_action="APPEND_IF_EXISTS_OR_ADD",
        ),
        base_pb2.HeaderValueOption(
            header=base_pb2.HeaderValue(key="x-forwarded-host", value="%REQ(:AUTHORITY)%"),
            append_action="ADD_IF_ABSENT" if trusted else "OVERWRITE_IF_EXISTS_OR_ADD",
        ),
    ]


def _virtual_host(host: VirtualHost, rest: matcher_pb2.Matcher) -> route_components_pb2.VirtualHost:
    message = route_components_pb2.VirtualHost(name=host.host, domains=[host.host])
    own = _by_method(host.routes)
    if host.host.startswith("*."):
        message.matcher.CopyFrom(_one_label(host.host, own, matcher_pb2.Matcher.OnMatch(matcher=rest)))
    elif own.HasField("matcher"):
        message.matcher.CopyFrom(own.matcher)
    else:
        message.routes.extend(_routes(host.routes, idempotent=False))
    return message


def _unnamed(routes: tuple[Route, ...]) -> matcher_pb2.Matcher:
    """Give the routes of every other host, and 400 to a request with two: Envoy joins them with a comma (RFC 9112, 3.2)."""
    refused = route_components_pb2.Route(
        name="two hosts",
        match=route_components_pb2.RouteMatch(prefix="/"),
        direct_response=_response(Respond(400, TWO_HOSTS)),
    )
    return if_contains(":authority", ",", route_list("refused", [refused]), _by_method(routes))


def _one_label(host: str, own: matcher_pb2.Matcher.OnMatch, rest: matcher_pb2.Matcher.OnMatch) -> matcher_pb2.Matcher:
    """Guard a wildcard host: Envoy's `*.foo.com` takes `a.b.foo.com` too, which Kubernetes' does not, and `evil,a.foo.com`.

    Such a name goes on to the routes of "*", as if this virtual host were not there. The guard costs one regular expression for
    a request to a wildcard host, however many routes there are; the routes of "*" are repeated in each wildcard host.
    """
    suffix = host.removeprefix("*").replace(".", r"\.")
    return if_header(":authority", rf"(?i)[^.,]+{suffix}(:[0-9]+)?", own, rest)


def _by_method(routes: tuple[Route, ...]) -> matcher_pb2.Matcher.OnMatch:
    """Give idempotent requests routes of their own, where a retry depends on the method at all."""
    others = route_list("routes", _routes(routes, idempotent=False))
    if not any(isinstance(one.action, Forward) and one.action.retry and one.action.retry.after_send for one in routes):
        return others
    idempotent = route_list("idempotent", _routes(routes, idempotent=True))
    return matcher_pb2.Matcher.OnMatch(matcher=if_header(":method", retries.IDEMPOTENT, idempotent, others))


def _routes(routes: tuple[Route, ...], *, idempotent: bool) -> list[route_components_pb2.Route]:
    return [_route(one, idempotent=idempotent) for one in routes]


def _route(route: Route, *, idempotent: bool) -> route_components_pb2.Route:
    message = route_components_pb2.Route(name=route.name, match=_match(route.match))
    if isinstance(route.action, Respond):
        message.direct_response.CopyFrom(_response(route.action))
    else:
        message.route.CopyFrom(_forward(route.action, idempotent=idempotent))
    return message


def _match(match: PathMatch) -> route_components_pb2.RouteMatch:
    if match.kind is PathKind.EXACT:
        return route_components_pb2.RouteMatch(path=match.value)
    if match.value == "/":
        return route_components_pb2.RouteMatch(prefix="/")
    return route_components_pb2.RouteMatch(path_separated_prefix=match.value)


def _response(action: Respond) -> route_components_pb2.DirectResponseAction:
    return route_components_pb2.DirectResponseAction(
        status=action.status, body=base_pb2.DataSource(inline_string=action.body)
    )


def _forward(action: Forward, *, idempotent: bool) -> route_components_pb2.RouteAction:
    # Envoy's default is 15 seconds for the whole answer; 0 is no limit.
    message = route_components_pb2.RouteAction(timeout=seconds(action.timeout or 0))
    if len(action.clusters) == 1:
        message.cluster = action.clusters[0].cluster
    else:
        for one in action.clusters:
            message.weighted_clusters.clusters.add(name=one.cluster, weight=uint(one.weight))
    if action.retry is not None:
        message.retry_policy.CopyFrom(retries.policy(action.retry, idempotent=idempotent))
    return message
