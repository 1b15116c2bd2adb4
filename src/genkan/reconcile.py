"""One key, from what stands in the stores to what runs: gather → translate → publish → apply → report.

Level-based: it reads the latest state and never learns what event brought it here. Everything that is decided is decided by
the pure functions it calls; this module only carries values between them and the world.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from genkan.dataplanes import Driver
from genkan.engine import Scope
from genkan.errors import TerminalError
from genkan.infrastructure import Infrastructure
from genkan.ir import Certificate, Condition, DriverState, Origin, Reason
from genkan.model import Ingress, IngressClass, ObjectKey, ObjectRef
from genkan.settings import Settings
from genkan.sources.gather import adoption_of, gather
from genkan.sources.stores import Stores
from genkan.status import Report, report
from genkan.telemetry import Telemetry
from genkan.translate import Translation
from genkan.translate.ingress import expiry, translate, translate_endpoints


@dataclass(slots=True)
class Published:
    """What was decided last for one key: the start of a smaller reconcile. Losing it costs a full one, nothing else."""

    ingress: Ingress
    ingress_class: IngressClass | None
    translation: Translation


class Reconciler:
    """Brings one key after another to where it should be. Called by one worker per key at a time."""

    def __init__(
        self,
        *,
        stores: Stores,
        driver: Driver,
        infrastructure: Infrastructure,
        settings: Settings,
        deletable: Callable[[ObjectRef], bool],
        again_at: Callable[[ObjectKey, datetime], None],
        now: Callable[[], datetime],
        on_report: Callable[[Report], None],
        on_removed: Callable[[ObjectKey], None],
        telemetry: Telemetry,
    ) -> None:
        """Take the parts; `deletable` tells whether an absent object may be believed, `again_at` queues a key for a later time."""
        self._stores = stores
        self._driver = driver
        self._infrastructure = infrastructure
        self._settings = settings
        self._deletable = deletable
        self._again_at = again_at
        self._now = now
        self._on_report = on_report
        self._on_removed = on_removed
        self._telemetry = telemetry
        self._published: dict[ObjectKey, Published] = {}
        self._withheld: set[ObjectKey] = set()

    @property
    def withheld(self) -> frozenset[ObjectKey]:
        """Keys whose data planes stay because what is lost cannot be believed yet; reconcile them when it may be."""
        return frozenset(self._withheld)

    async def reconcile(self, key: ObjectKey, scope: Scope) -> None:
        """Bring one key to where it should be; `scope` says how much can have changed."""
        with self._telemetry.reconciling(str(key), scope.name.lower()):
            published = self._published.get(key)
            if published is None or scope is Scope.ALL:
                published = await self._everything(key)
            elif scope is Scope.ENDPOINTS:
                self._endpoints(key, published)
            if published is not None:
                await self._report(key, published)

    async def _everything(self, key: ObjectKey) -> Published | None:
        adoption = adoption_of(self._stores, key, self._settings)
        if adoption is None or not adoption.adopted:
            await self._remove(key)
            return None
        inputs = gather(self._stores, key, adoption.ingress_class)
        translation = translate(inputs, self._settings, self._driver.capabilities, kept=self._certificates(key))
        try:
            binding = await self._infrastructure.bind(key)
        except TerminalError as error:
            await self._tell_failure(key, inputs.ingress, translation, error)
            raise
        self._driver.publish(str(key), translation.traffic, translation.endpoints, binding)
        await self._infrastructure.apply(key, self._driver.workload(str(key), translation.traffic, binding))
        await self._infrastructure.keep(key, translation.traffic.certificates)
        published = Published(inputs.ingress, inputs.ingress_class, translation)
        self._published[key] = published
        self._withheld.discard(key)
        return published

    def _endpoints(self, key: ObjectKey, published: Published) -> None:
        """Renew the endpoint sets alone: no route is translated or rendered again."""
        inputs = gather(self._stores, key, published.ingress_class)
        translation = published.translation
        endpoints, conditions = translate_endpoints(inputs, translation.traffic, self._settings)
        self._driver.publish_endpoints(str(key), endpoints)
        published.translation = Translation(translation.traffic, endpoints, translation.conditions, conditions)

    async def _report(self, key: ObjectKey, published: Published) -> None:
        translation, now = published.translation, self._now()
        invalid = expiry.conditions(translation.traffic, now)
        conditions = (*translation.conditions, *translation.endpoint_conditions, *invalid)
        expired = sum(condition.reason is Reason.CERTIFICATE_EXPIRED for condition in invalid)
        self._telemetry.seen(str(key), expired=expired)
        state = self._driver.state(str(key))
        wanted = report(published.ingress, translation.traffic, conditions, self._infrastructure.observe(key), state)
        await self._infrastructure.report(key, wanted)
        self._on_report(wanted)
        if (change := expiry.next_change(translation.traffic, now)) is not None:
            self._again_at(key, change)

    async def _tell_failure(
        self, key: ObjectKey, ingress: Ingress, translation: Translation, error: TerminalError
    ) -> None:
        """Say what stands in the way: whoever looks at the Ingress must not have to read our log."""
        obstacle = Condition(Origin("Ingress", *key), Reason(error.reason), str(error))
        conditions = (*translation.conditions, obstacle)
        wanted = report(ingress, translation.traffic, conditions, self._infrastructure.observe(key), DriverState())
        await self._infrastructure.report(key, wanted)
        self._on_report(wanted)

    async def _remove(self, key: ObjectKey) -> None:
        """Take away what was made for a key that is not ours, or no longer there, once that can be believed."""
        self._published.pop(key, None)
        if key not in self._infrastructure.owned():
            self._withheld.discard(key)
        elif not self._is_lost(key):
            self._withheld.add(key)
        else:
            self._withheld.discard(key)
            await self._infrastructure.delete(key)
            self._driver.withdraw(str(key))
            self._telemetry.gone(str(key))
            self._on_removed(key)

    def _is_lost(self, key: ObjectKey) -> bool:
        """Tell whether it is certain that the Ingress is gone or names no class of ours: what cannot be read may say otherwise."""
        ingress = self._stores.ingresses.get(key)
        if ingress is None:
            return self._deletable(ObjectRef("Ingress", *key))
        name = ingress.spec.ingress_class_name
        if name and ObjectKey("", name) not in self._stores.classes:
            return self._deletable(ObjectRef("IngressClass", "", name))
        return True

    def _certificates(self, key: ObjectKey) -> Mapping[str, Certificate]:
        """Return the certificates published last: one gone bad is replaced by itself as it was, also after a restart."""
        published = self._published.get(key)
        last = published.translation.traffic.certificates if published else self._infrastructure.kept(key)
        return {each.name: each for each in last}
