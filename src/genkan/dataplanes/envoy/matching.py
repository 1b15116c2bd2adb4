"""Decisions inside a virtual host: by what the host looks like, by method. One for a request, whatever the number of routes.

Each gives an xDS matcher; what it decides for is a list of routes (or the next decision).
"""

from envoy.config.route.v3 import route_components_pb2
from envoy.type.matcher.v3 import http_inputs_pb2
from xds.core.v3 import extension_pb2
from xds.type.matcher.v3 import matcher_pb2, regex_pb2, string_pb2

from genkan.dataplanes.envoy.messages import packed


def if_header(
    name: str, regex: str, then: matcher_pb2.Matcher.OnMatch, otherwise: matcher_pb2.Matcher.OnMatch
) -> matcher_pb2.Matcher:
    """Decide by a header that matches the expression as a whole."""
    pattern = regex_pb2.RegexMatcher(google_re2=regex_pb2.RegexMatcher.GoogleRE2(), regex=regex)
    return _if(name, string_pb2.StringMatcher(safe_regex=pattern), then, otherwise)


def if_contains(
    name: str, part: str, then: matcher_pb2.Matcher.OnMatch, otherwise: matcher_pb2.Matcher.OnMatch
) -> matcher_pb2.Matcher:
    """Decide by a header that has this part; cheaper than an expression."""
    return _if(name, string_pb2.StringMatcher(contains=part), then, otherwise)


def _if(
    name: str,
    value: string_pb2.StringMatcher,
    then: matcher_pb2.Matcher.OnMatch,
    otherwise: matcher_pb2.Matcher.OnMatch,
) -> matcher_pb2.Matcher:
    matchers = matcher_pb2.Matcher.MatcherList
    single = matchers.Predicate.SinglePredicate(
        input=extension_pb2.TypedExtensionConfig(
            name=name, typed_config=packed(http_inputs_pb2.HttpRequestHeaderMatchInput(header_name=name))
        ),
        value_match=value,
    )
    first = matchers.FieldMatcher(predicate=matchers.Predicate(single_predicate=single), on_match=then)
    return matcher_pb2.Matcher(matcher_list=matchers(matchers=[first]), on_no_match=otherwise)


def route_list(name: str, routes: list[route_components_pb2.Route]) -> matcher_pb2.Matcher.OnMatch:
    """End a decision with these routes, in this order."""
    action = packed(route_components_pb2.RouteList(routes=routes))
    return matcher_pb2.Matcher.OnMatch(action=extension_pb2.TypedExtensionConfig(name=name, typed_config=action))


def everything_but(word: str) -> str:
    """Give a regular expression for every text but this word of letters; RE2 has no look-ahead that would say it shorter."""
    expression = ".+"
    for letter in reversed(word):
        expression = f"(?:[^{letter}].*|{letter}{expression})?"
    return expression
