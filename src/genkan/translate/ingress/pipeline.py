"""The ingress front end as a whole: the ordered list of its processors.

Takes what was gathered for one Ingress, the settings, and what the driver can do; gives a `Translation`. Pure: the same inputs give the same
translation, whatever the order of the mappings in them. Nothing a user writes raises: it is a condition, and the rest goes on.
"""

from collections.abc import Mapping
from types import MappingProxyType

from genkan.ir import Capabilities, Certificate, Listener, Traffic
from genkan.model import Inputs
from genkan.settings import Settings
from genkan.translate import Translation
from genkan.translate.ingress.backends import Backends
from genkan.translate.ingress.endpoints import translate_endpoints
from genkan.translate.ingress.rules import virtual_hosts
from genkan.translate.ingress.tls import Tls, translate_tls

NOTHING_KEPT: Mapping[str, Certificate] = MappingProxyType({})


def translate(
    inputs: Inputs, settings: Settings, capabilities: Capabilities, kept: Mapping[str, Certificate] = NOTHING_KEPT
) -> Translation:
    """Translate one Ingress; `kept` are the certificates published last, by name (see `tls`)."""
    backends = Backends(inputs, settings, capabilities)
    hosts, of_rules = virtual_hosts(inputs.ingress, backends)
    tls = translate_tls(inputs, kept)
    traffic = Traffic(_listeners(settings, tls), hosts, backends.clusters, tls.certificates)
    endpoints, of_endpoints = translate_endpoints(inputs, traffic, settings)
    conditions = {*of_rules, *backends.conditions, *tls.conditions}
    return Translation(traffic, endpoints, tuple(sorted(conditions)), of_endpoints)


def _listeners(settings: Settings, tls: Tls) -> tuple[Listener, ...]:
    """HTTP always; HTTPS only when there is a usable certificate."""
    http = Listener("http", settings.http_port)
    return (http, Listener("https", settings.https_port, tls.chains)) if tls.chains else (http,)
