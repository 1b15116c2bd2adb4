"""Virtual hosts become the one route configuration "ingress" that every listener uses (RDS).

Order is final, as given. Hosts are compared without port and letter case, paths byte for byte and without the query: neither dot
segments nor double slashes nor %2F are folded, the backend gets what the client sent (a backend that folds them itself may serve
a path that a rule here did not name: rules are no access control).
"""

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.type.matcher.v3 import http_inputs_pb2
from xds.core.v3 import extension_pb2
from xds.type.matcher.v3 import matcher_pb2, regex_pb2, string_pb2

from genkan.dataplanes.envoy import retries
from genkan.dataplanes.envoy.messages import packed, seconds, uint
from genkan.ir import Forward, PathKind, PathMatch, Respond, Route, VirtualHost
from genkan.settings import Settings

NAME = "ingress"
"""The route configuration's name."""


def route_configuration(hosts: tuple[VirtualHost, ...], settings: Settings) -> route_pb2.RouteConfiguration:
    """Render all virtual hosts. Settings say whether a proxy in front may have set X-Forwarded-Host."""
    rest = next((host.routes for host in hosts if host.host == "*"), ())
    return route_pb2.RouteConfiguration(
        name=NAME,
        virtual_hosts=[_virtual_host(host, rest) for host in hosts],
        ignore_port_in_host_matching=True,
        request_headers_to_add=[_forwarded_host(trusted=settings.trusted_hops > 0)],
        request_headers_to_remove=["x-envoy-external-address"],
    )


def _forwarded_host(*, trusted: bool) -> base_pb2.HeaderValueOption:
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key="x-forwarded-host", value="%REQ(:AUTHORITY)%"),
        append_action="ADD_IF_ABSENT" if trusted else "OVERWRITE_IF_EXISTS_OR_ADD",
    )


def _virtual_host(host: VirtualHost, rest: tuple[Route, ...]) -> route_components_pb2.VirtualHost:
    if not host.host.startswith("*."):
        routes = [_route(route) for route in host.routes]
        return route_components_pb2.VirtualHost(name=host.host, domains=[host.host], routes=routes)
    return route_components_pb2.VirtualHost(name=host.host, domains=[host.host], matcher=_one_label(host, rest))


def _one_label(host: VirtualHost, rest: tuple[Route, ...]) -> matcher_pb2.Matcher:
    """Guard a wildcard host: Envoy's `*.foo.com` takes `a.b.foo.com` too, which Kubernetes' does not.

    Such a name goes on to the routes of "*", as if this virtual host were not there. The guard costs one regular expression for
    a request to a wildcard host, however many routes there are; the routes of "*" are repeated in each wildcard host.
    """
    authority = extension_pb2.TypedExtensionConfig(
        name="host", typed_config=packed(http_inputs_pb2.HttpRequestHeaderMatchInput(header_name=":authority"))
    )
    suffix = host.host.removeprefix("*").replace(".", r"\.")
    pattern = regex_pb2.RegexMatcher(
        google_re2=regex_pb2.RegexMatcher.GoogleRE2(), regex=rf"(?i)[^.]+{suffix}(:[0-9]+)?"
    )
    guard = matcher_pb2.Matcher.MatcherList.Predicate(
        single_predicate=matcher_pb2.Matcher.MatcherList.Predicate.SinglePredicate(
            input=authority, value_match=string_pb2.StringMatcher(safe_regex=pattern)
        )
    )
    own = matcher_pb2.Matcher.MatcherList.FieldMatcher(predicate=guard, on_match=_route_list("one label", host.routes))
    return matcher_pb2.Matcher(
        matcher_list=matcher_pb2.Matcher.MatcherList(matchers=[own]),
        on_no_match=_route_list("more labels: as without a host", rest),
    )


def _route_list(name: str, routes: tuple[Route, ...]) -> matcher_pb2.Matcher.OnMatch:
    rendered = route_components_pb2.RouteList(routes=[_route(route) for route in routes])
    return matcher_pb2.Matcher.OnMatch(
        action=extension_pb2.TypedExtensionConfig(name=name, typed_config=packed(rendered))
    )


def _route(route: Route) -> route_components_pb2.Route:
    message = route_components_pb2.Route(name=route.name, match=_match(route.match))
    if isinstance(route.action, Respond):
        message.direct_response.CopyFrom(_response(route.action))
        return message
    message.route.CopyFrom(_forward(route.action))
    if route.action.retry is None or not route.action.retry.after_send:
        message.typed_per_filter_config[retries.MARK].CopyFrom(packed(retries.unmarked()))
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


def _forward(action: Forward) -> route_components_pb2.RouteAction:
    # Envoy's default is 15 seconds for the whole answer; 0 is no limit.
    message = route_components_pb2.RouteAction(timeout=seconds(action.timeout or 0))
    if len(action.clusters) == 1:
        message.cluster = action.clusters[0].cluster
    else:
        for one in action.clusters:
            message.weighted_clusters.clusters.add(name=one.cluster, weight=uint(one.weight))
    if action.retry is not None:
        message.retry_policy.CopyFrom(retries.policy(action.retry))
    return message
