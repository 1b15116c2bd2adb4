"""Translation: objects in, intermediate representation and conditions out. Pure: no I/O, no clock, no log, no asyncio."""

from dataclasses import dataclass

from genkan.ir import Condition, EndpointSet, Traffic


@dataclass(frozen=True, slots=True)
class Translation:
    """All that is decided about one data plane. Conditions are sorted and without repetition.

    `endpoint_conditions` are those that follow from EndpointSlices alone, so that endpoint churn can renew them without the rest.
    """

    traffic: Traffic
    endpoints: tuple[EndpointSet, ...]
    conditions: tuple[Condition, ...]
    endpoint_conditions: tuple[Condition, ...] = ()

    @property
    def told(self) -> tuple[Condition, ...]:
        """All conditions, sorted and without repetition."""
        return tuple(sorted({*self.conditions, *self.endpoint_conditions}))
