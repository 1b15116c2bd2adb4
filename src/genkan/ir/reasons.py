"""What every reason means and what to do about it: the text behind an Event's one word, and the source of docs/reference/conditions.md."""

from collections.abc import Mapping
from typing import NamedTuple

from genkan.ir.conditions import Reason


class Explanation(NamedTuple):
    """What happened and what it costs, then what to do; both are whole sentences for the owner of an Ingress."""

    meaning: str
    action: str


REASONS: Mapping[Reason, Explanation] = {
    Reason.ADOPTED: Explanation("The Ingress is ours: its class leads to Genkan.", "Nothing."),
    Reason.NOT_ADOPTED: Explanation(
        "The Ingress is not ours, so nothing is made for it. It never gets an Event of ours: `genkan explain` and `genkan validate` say it.",
        "To have it served, set `spec.ingressClassName` to a class whose controller is `genkan.dev/ingress`.",
    ),
    Reason.STARTED: Explanation("A process for the Ingress was started.", "Nothing."),
    Reason.READY: Explanation("The data plane has its configuration and takes requests.", "Nothing."),
    Reason.RESTARTED: Explanation(
        "The data plane ended by itself and was started again. The address stays; requests in between were refused.",
        "Look into the data plane's `log` in the state directory: the Event quotes its last line.",
    ),
    Reason.FAILED: Explanation(
        "The data plane cannot be started, or ends again and again. It is tried again, later each time, at most every 30 seconds.",
        "Read the reason in the Event and the `log` in the state directory. Other Ingresses are not affected.",
    ),
    Reason.TAKEN_OVER: Explanation(
        "A new `genkan serve` found the data plane running and goes on with it. No request was lost.", "Nothing."
    ),
    Reason.ADDRESS_ASSIGNED: Explanation("The Ingress serves at this address.", "Nothing."),
    Reason.PORT_UNAVAILABLE: Explanation(
        "Port 80 or 443 cannot be had, so another port stands in; the status shows the real one.",
        "Allow low ports with `sysctl net.ipv4.ip_unprivileged_port_start=80`, or end the program that listens on all addresses; then serve again.",
    ),
    Reason.REJECTED: Explanation(
        "Envoy refused a piece of its configuration and runs what it had; the Event quotes Envoy.",
        "Undo the last edit of that piece. It is a mistake of Genkan's: please report it with the quoted text.",
    ),
    Reason.SERVICE_NOT_FOUND: Explanation(
        "A path names a Service that does not exist in the Ingress's namespace. The path answers 503.",
        "Create the Service, or correct the name.",
    ),
    Reason.PORT_NOT_FOUND: Explanation(
        "The Service has no such port. The path answers 503.",
        "Use one of the ports that the Event lists, by number or by name.",
    ),
    Reason.NO_ENDPOINTS: Explanation(
        "No endpoint of the Service is ready. Its paths answer 503 until one is.",
        "Check that the Service's selector matches pods and that they are ready. Without a cluster: write EndpointSlices or use `--backend`.",
    ),
    Reason.RESOURCE_BACKEND: Explanation(
        "A path has a `resource` backend. Genkan knows none, so the path answers 503.", "Use a Service as the backend."
    ),
    Reason.BACKEND_INVALID: Explanation(
        "A backend cannot be used as it is written. Its paths answer 503.",
        "Set `service.name` and exactly one of `service.port.number` and `service.port.name`; the Event says what is wrong.",
    ),
    Reason.PROTOCOL_UNSUPPORTED: Explanation(
        "The Service port's `appProtocol` is not known. HTTP/1.1 is spoken.",
        "Use one of the names in [Routing](routing.md#backends).",
    ),
    Reason.BACKEND_TLS_UNVERIFIED: Explanation(
        "TLS is spoken to the backend, and its certificate is not checked.",
        "Nothing, if the network between is trusted.",
    ),
    Reason.ENDPOINT_INVALID: Explanation(
        "An endpoint's address cannot be used; the other endpoints serve. Loopback addresses are accepted on one machine and refused in a cluster.",
        "Write an IP address of the backend itself. For a DNS name use a Service of type ExternalName.",
    ),
    Reason.HOST_INVALID: Explanation(
        "A host is no DNS name, nor `*.` before one. That rule is left out, the others serve.",
        "Write a DNS name without port, path or scheme.",
    ),
    Reason.PATH_INVALID: Explanation(
        "A path or its type cannot be used. Only that path is left out.",
        "Begin it with `/`, leave out `//`, `/./`, `/../`, `%2f`, `?` and `#`, and set `pathType`.",
    ),
    Reason.PATH_DUPLICATE: Explanation(
        "Two paths of one host match the same requests. The first in the manifest answers.", "Remove one of the two."
    ),
    Reason.SECRET_NOT_FOUND: Explanation(
        "`spec.tls` names a Secret that does not exist. Other certificates serve; without any there is no HTTPS.",
        "Create a Secret of type `kubernetes.io/tls` in the Ingress's namespace, or correct the name.",
    ),
    Reason.SECRET_INVALID: Explanation(
        "The Secret's certificate or key cannot be used, or only with a remark. If a good one was served before, it stays.",
        "Correct what the Event names: the type, the field, a chain with the leaf first, a key that belongs to it.",
    ),
    Reason.CERTIFICATE_EXPIRED: Explanation(
        "The certificate has expired. It is still served; clients that check will refuse it.", "Renew it."
    ),
    Reason.CERTIFICATE_NOT_YET_VALID: Explanation(
        "The certificate's validity begins later. It is served; clients that check will refuse it until then.",
        "Wait, or correct the clock of whoever issued it.",
    ),
    Reason.CERTIFICATE_NAME_CLAIMED: Explanation(
        "Two Secrets cover the same name. The first in `spec.tls` is offered for it.",
        "Remove one, or change the order.",
    ),
    Reason.CERTIFICATE_HOST_UNCOVERED: Explanation(
        "No usable certificate covers a host listed in `spec.tls`. The first certificate is offered for it.",
        "Issue a certificate that has the host among its DNS names.",
    ),
    Reason.OBJECT_INVALID: Explanation(
        "An object, or a field of it, cannot be read, or an API server would refuse it. The last good version of the object stays.",
        "Correct the field that is named.",
    ),
    Reason.OBJECT_DUPLICATE: Explanation(
        "The same object stands in two places. The first file by name wins.", "Remove or rename one of them."
    ),
    Reason.MANIFEST_UNREADABLE: Explanation(
        "A file cannot be read as YAML or JSON. What it held before is kept, and nothing is deleted meanwhile.",
        "Correct the line that is named.",
    ),
    Reason.UNSUPPORTED: Explanation(
        "The object asks for something that this data plane does not do, or does differently from what it looks like.",
        "Read the Event: it says what is done instead.",
    ),
}
