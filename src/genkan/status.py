"""What the user shall see of one Ingress: pure, from what was decided and what is observed.

Takes conditions and observations, gives the addresses and ports of the status and the Events wanted. An address is shown first
when it serves, and stays while it exists: a restart of the data plane is an Event, never a vanished address.
"""

from dataclasses import dataclass

from genkan.ir import Condition, DriverState, Level, Observation, Origin, Phase, Reason, Traffic
from genkan.model import Ingress


@dataclass(frozen=True, slots=True)
class Report:
    """The addresses and real ports of one Ingress (none: not serving yet), and what there is to tell, sorted."""

    ingress: Ingress
    addresses: tuple[str, ...]
    ports: tuple[int, ...]
    conditions: tuple[Condition, ...]


def report(
    ingress: Ingress,
    traffic: Traffic,
    conditions: tuple[Condition, ...],
    observation: Observation,
    driver: DriverState,
) -> Report:
    """Decide what the user sees. `conditions` come from translation; those of driver and infrastructure are added here."""
    origin = Origin("Ingress", ingress.metadata.namespace, ingress.metadata.name)
    shown = observation.addresses if observation.reported or serves(observation, driver) else ()
    ports = tuple(observation.ports.get(listener.port, listener.port) for listener in traffic.listeners)
    told = {
        *conditions,
        *observation.conditions,
        *(
            Condition(
                origin,
                Reason.REJECTED,
                f"Envoy refused {rejection.resource} and keeps what it had: {rejection.message}",
            )
            for rejection in driver.rejections
        ),
    }
    told.add(Condition(origin, Reason.ADOPTED, "served by this controller, with a data plane of its own", Level.NORMAL))
    if shown:
        where = ", ".join(shown)
        told.add(Condition(origin, Reason.ADDRESS_ASSIGNED, f"serves at {where}", Level.NORMAL))
    return Report(ingress, shown, ports if shown else (), tuple(sorted(told)))


def serves(observation: Observation, driver: DriverState) -> bool:
    """Tell whether requests are answered as configured: it runs, and has taken (or refused by name) all that was published."""
    return observation.phase is Phase.READY and driver.connected and driver.settled
