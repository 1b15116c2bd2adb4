"""The pipeline without anything running: a directory in, what every Ingress would become out.

The same source, stores and translation as `genkan serve`; the base of `genkan translate`, `explain` and `validate`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from genkan.ir import Binding, Capabilities
from genkan.model import Ingress, ObjectKey
from genkan.settings import Settings
from genkan.sources.gather import adoption_of, gather
from genkan.sources.stores import Stores
from genkan.translate import Translation
from genkan.translate.ingress import translate
from genkan.translate.ingress.adoption import Adoption

ANYWHERE = Binding(
    address="127.0.0.1",
    ports={80: 80, 443: 443},
    control_plane="run/xds.sock",
    admin="run/admin.sock",
    readiness="run/ready.sock",
    config_dir="config",
    state_dir="STATE_DIR",
)
"""Where a data plane would listen if it ran: a fixed stand-in, so that output is the same on every machine."""


@dataclass(frozen=True, slots=True)
class Translated:
    """One Ingress and what became of it; `translation` is None when it is not ours."""

    ingress: Ingress
    adoption: Adoption
    translation: Translation | None = None


def translate_all(stores: Stores, settings: Settings, capabilities: Capabilities) -> Iterator[Translated]:
    """Translate every Ingress of the stores, by namespace and name."""
    for key, _ in sorted(stores.ingresses.items()):
        yield translate_one(stores, key, settings, capabilities)


def translate_one(stores: Stores, key: ObjectKey, settings: Settings, capabilities: Capabilities) -> Translated:
    """Translate one Ingress; it must be in the stores."""
    ingress = stores.ingresses.get(key)
    adoption = adoption_of(stores, key, settings)
    if ingress is None or adoption is None:
        raise KeyError(key)
    if not adoption.adopted:
        return Translated(ingress, adoption)
    inputs = gather(stores, key, adoption.ingress_class)
    return Translated(ingress, adoption, translate(inputs, settings, capabilities))
