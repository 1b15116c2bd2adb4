"""Sending a request once more, without ever repeating what may not be repeated.

Every method: when the backend saw nothing (connection failed, stream refused, reset before the request was sent). Idempotent
methods (RFC 9110, 9.2.2): also when the connection was reset after the request was sent and before an answer, which is what a
backend that closes an idle connection looks like.

Envoy's retry policy cannot tell methods apart, but the router adds what `x-envoy-retry-on` names to it. So a filter marks idempotent
requests, and each route's policy carries what is always safe. The router takes the mark off before it sends; what a client
writes into that header never arrives here, because the connection manager takes it off at the edge.
"""

from envoy.config.core.v3 import base_pb2, extension_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.common.matching.v3 import extension_matcher_pb2
from envoy.extensions.filters.common.matcher.action.v3 import skip_action_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.retry.host.previous_hosts.v3 import previous_hosts_pb2
from envoy.type.matcher.v3 import http_inputs_pb2
from xds.core.v3 import extension_pb2 as xds_extension_pb2
from xds.type.matcher.v3 import matcher_pb2, regex_pb2, string_pb2

from genkan.dataplanes.envoy.messages import packed, uint
from genkan.ir import RetryPolicy

IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")
"""RFC 9110, 9.2.2."""

MARK = "genkan.idempotent"
"""The name of the filter that marks idempotent requests; a route that wants no retry after sending switches it off by it."""

_SAFE = "connect-failure,refused-stream,reset-before-request"


def policy(wanted: RetryPolicy) -> route_components_pb2.RetryPolicy:
    """Give a route's policy: what is safe for every method, at another endpoint than before where there is one."""
    previous = route_components_pb2.RetryPolicy.RetryHostPredicate(
        name="envoy.retry_host_predicates.previous_hosts",
        typed_config=packed(previous_hosts_pb2.PreviousHostsPredicate()),
    )
    return route_components_pb2.RetryPolicy(
        retry_on=_SAFE,
        num_retries=uint(wanted.attempts),
        retry_host_predicate=[previous],
        host_selection_retry_max_attempts=3,
    )


def unmarked() -> route_components_pb2.FilterConfig:
    """Give what switches the mark off for a route."""
    return route_components_pb2.FilterConfig(disabled=True)


def mark_filter() -> http_connection_manager_pb2.HttpFilter:
    """Give the filter that lets the router also retry after a reset, skipped for every method that is not idempotent."""
    header = base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key="x-envoy-retry-on", value="reset"), append_action="OVERWRITE_IF_EXISTS_OR_ADD"
    )
    mutation = header_mutation_pb2.HeaderMutation()
    mutation.mutations.request_mutations.add().append.CopyFrom(header)
    guarded = extension_matcher_pb2.ExtensionWithMatcher(
        extension_config=extension_pb2.TypedExtensionConfig(name=MARK, typed_config=packed(mutation)),
        xds_matcher=_unless_idempotent(),
    )
    return http_connection_manager_pb2.HttpFilter(name=MARK, typed_config=packed(guarded))


def _unless_idempotent() -> matcher_pb2.Matcher:
    method = xds_extension_pb2.TypedExtensionConfig(
        name="method", typed_config=packed(http_inputs_pb2.HttpRequestHeaderMatchInput(header_name=":method"))
    )
    one_of = regex_pb2.RegexMatcher(google_re2=regex_pb2.RegexMatcher.GoogleRE2(), regex="|".join(IDEMPOTENT))
    idempotent = matcher_pb2.Matcher.MatcherList.Predicate(
        single_predicate=matcher_pb2.Matcher.MatcherList.Predicate.SinglePredicate(
            input=method, value_match=string_pb2.StringMatcher(safe_regex=one_of)
        )
    )
    skip = xds_extension_pb2.TypedExtensionConfig(name="skip", typed_config=packed(skip_action_pb2.SkipFilter()))
    unless = matcher_pb2.Matcher.MatcherList.FieldMatcher(
        predicate=matcher_pb2.Matcher.MatcherList.Predicate(not_matcher=idempotent),
        on_match=matcher_pb2.Matcher.OnMatch(action=skip),
    )
    return matcher_pb2.Matcher(matcher_list=matcher_pb2.Matcher.MatcherList(matchers=[unless]))
