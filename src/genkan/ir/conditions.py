"""What translation, drivers and infrastructure have to tell the user: one reason, one sentence, one origin.

A condition is data. It becomes an Event on the Ingress, a line of `genkan validate`, a line of `genkan explain`.
"""

from dataclasses import dataclass
from enum import StrEnum

from genkan.ir.origin import Origin


class Level(StrEnum):
    """Kubernetes' two types of Event."""

    NORMAL = "Normal"
    WARNING = "Warning"


class Reason(StrEnum):
    """Every reason there is, as Events carry it; what each means and what to do stands in `genkan.ir.reasons`."""

    # The life of a data plane.
    ADOPTED = "Adopted"
    NOT_ADOPTED = "NotAdopted"
    STARTED = "DataPlaneStarted"
    READY = "DataPlaneReady"
    RESTARTED = "DataPlaneRestarted"
    FAILED = "DataPlaneFailed"
    TAKEN_OVER = "DataPlaneTakenOver"
    ADDRESS_ASSIGNED = "AddressAssigned"
    PORT_UNAVAILABLE = "PortUnavailable"
    REJECTED = "ConfigurationRejected"
    # Backends.
    SERVICE_NOT_FOUND = "ServiceNotFound"
    PORT_NOT_FOUND = "ServicePortNotFound"
    NO_ENDPOINTS = "NoReadyEndpoints"
    RESOURCE_BACKEND = "ResourceBackendUnsupported"
    BACKEND_INVALID = "BackendInvalid"
    PROTOCOL_UNSUPPORTED = "ProtocolUnsupported"
    BACKEND_TLS_UNVERIFIED = "BackendTLSUnverified"
    ENDPOINT_INVALID = "EndpointInvalid"
    # Rules.
    HOST_INVALID = "HostInvalid"
    PATH_INVALID = "PathInvalid"
    PATH_DUPLICATE = "PathDuplicate"
    # Certificates.
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105 - a reason, no password
    SECRET_INVALID = "SecretInvalid"  # noqa: S105 - same
    CERTIFICATE_EXPIRED = "CertificateExpired"
    CERTIFICATE_NOT_YET_VALID = "CertificateNotYetValid"
    CERTIFICATE_NAME_CLAIMED = "CertificateNameClaimed"
    CERTIFICATE_HOST_UNCOVERED = "CertificateDoesNotCoverHost"
    # Anything else.
    OBJECT_INVALID = "ObjectInvalid"
    OBJECT_DUPLICATE = "ObjectDuplicate"
    MANIFEST_UNREADABLE = "ManifestUnreadable"
    UNSUPPORTED = "Unsupported"


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """One thing to tell about one field. Equal conditions are one condition: order and repetition carry no meaning."""

    origin: Origin
    reason: Reason
    message: str
    level: Level = Level.WARNING
