"""Which data plane an Ingress belongs to: the one place that decides it.

Takes an Ingress, gives the key of its data plane. Today every Ingress has its own; sharing one is a change here and nowhere else.
"""

from genkan.model import Ingress, ObjectKey


def unit_of(ingress: Ingress) -> ObjectKey:
    """Give the key of the data plane that serves this Ingress."""
    return ingress.key
