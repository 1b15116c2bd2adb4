"""The ingress front end: Kubernetes Ingress objects to the intermediate representation, an ordered list of small processors.

`translate` is the whole of it; `translate_endpoints` what is left to do when only EndpointSlices changed.
"""

from genkan.translate.ingress.endpoints import translate_endpoints
from genkan.translate.ingress.pipeline import translate

__all__ = ["translate", "translate_endpoints"]
