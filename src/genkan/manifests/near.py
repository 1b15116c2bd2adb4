"""Which of our kinds a misspelt apiVersion or kind means: left alone, it would be passed over as none of ours.

Takes both as written; gives our kind and what to write, or None for what is right, or really something else. Only what looks like
Kubernetes' own API is judged: other groups have kinds of the same name, such as the Ingress of config.openshift.io.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from genkan.model import KINDS

NEAR = 0.83
"""How alike (0 to 1) two words have to be; Endpoints and EndpointSlice, ServiceAccount and Service are less."""

CURRENT = {kind: api_version for api_version, kind in KINDS}


class Meant(NamedTuple):
    """Our kind, and the field that is wrong with what is wrong about it."""

    kind: str
    field: str
    message: str


def meant(api_version: str, kind: str) -> Meant | None:
    """Find out what was meant."""
    if (api_version, kind) in KINDS:
        return None
    if kind not in CURRENT:
        near = nearest(kind, CURRENT) if is_built_in(api_version) or nearest(api_version, CURRENT.values()) else None
        return Meant(near, "kind", f"{kind} is no kind of Kubernetes; did you mean {near}?") if near else None
    current = CURRENT[kind]
    if is_built_in(api_version) or nearest(api_version, [current]):
        return Meant(kind, "apiVersion", f"{api_version} has no {kind}; did you mean {current}?")
    return None


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the word that is meant by a misspelt one: letter case counts for nothing."""
    lower = {each.lower(): each for each in words}
    found = get_close_matches(word.lower(), lower, n=1, cutoff=NEAR)
    return lower[found[0]] if found else None


def is_built_in(api_version: str) -> bool:
    """Tell the groups of Kubernetes itself: those without a dot, and those below k8s.io but not x-k8s.io."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")
