"""Who leads, by clocks that the test holds in its hand: nobody ever waits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from genkan.errors import GenkanError
from genkan.kube import Client, Connection, Election, Terms, Transport
from genkan.kube.auth import FixedAuth, Grant
from genkan.kube.lease import since_boot
from tests.support.kube_api import Answer, FakeApi, Stream
from tests.support.kube_api.faults import Lost
from tests.support.kube_api.objects import Object, Place
from tests.support.waiting import until

PATH = "apis/coordination.k8s.io/v1/namespaces/genkan-system/leases/genkan"
PLACE = Place("apis/coordination.k8s.io/v1", "leases", "genkan-system", "genkan")


class Candidate:
    """An election whose rounds the test starts, each after so many seconds of a clock of its own."""

    def __init__(self, client: Client, identity: str) -> None:
        self.now = 0.0
        self.told: list[bool] = []
        self.troubles: list[GenkanError] = []
        self._rests, self._goes = asyncio.Event(), asyncio.Event()
        self.election = Election(
            client, namespace="genkan-system", name="genkan", identity=identity,
            on_change=self.told.append, on_trouble=self.troubles.append, clock=lambda: self.now, sleep=self._sleep,
        )  # fmt: skip

    async def start(self) -> None:
        """Run the first round."""
        self._task = asyncio.create_task(self.election.run())
        await self._rests.wait()

    async def after(self, seconds: float) -> None:
        """Let time pass and run one round."""
        self.now += seconds
        self._rests.clear()
        self._goes.set()
        await self._rests.wait()

    async def stop(self) -> None:
        """End as a process that is told to."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def leads(self) -> bool:
        """Whether it may write."""
        return self.election.may_write()

    async def _sleep(self, _: float) -> None:
        self._rests.set()
        await self._goes.wait()
        self._goes.clear()


class Candidates:
    """A fake, and any number of candidates."""

    def __init__(self, api: FakeApi, client: Client) -> None:
        self.api, self._client = api, client
        self._all: list[Candidate] = []

    async def add(self, identity: str) -> Candidate:
        """Start one."""
        candidate = Candidate(self._client, identity)
        self._all.append(candidate)
        await candidate.start()
        return candidate

    def spec(self) -> dict[str, Any]:
        """What the Lease says."""
        spec: dict[str, Any] = self.api.objects.get(PLACE)["spec"]
        return spec

    def write(self, **spec: object) -> None:
        """Change the Lease as somebody else would."""
        present: Object = self.api.objects.get(PLACE)
        self.api.put(PATH, present | {"spec": present["spec"] | spec})

    async def stop(self) -> None:
        """End all."""
        for candidate in self._all:
            await candidate.stop()


@pytest.fixture
async def candidates() -> AsyncIterator[Candidates]:
    """None yet."""
    async with FakeApi() as api, Transport(Connection(server=api.url, auth=FixedAuth(Grant()))) as transport:
        candidates = Candidates(api, Client(transport))
        yield candidates
        await candidates.stop()


async def test_the_first_one_leads(candidates: Candidates) -> None:
    """It makes the Lease, with client-go's fields."""
    first = await candidates.add("first")
    second = await candidates.add("second")
    assert (first.leads, second.leads) == (True, False)
    assert second.election.holder == "first"
    spec = candidates.spec()
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == ("first", 15, 0)
    assert spec["acquireTime"] == spec["renewTime"]
    assert spec["renewTime"].endswith("Z")


async def test_a_silent_leader_is_replaced_after_its_time_and_not_before(candidates: Candidates) -> None:
    """15 s without a write by the standby's clock; what `renewTime` says does not count, clocks may differ."""
    first, second = await candidates.add("first"), await candidates.add("second")
    candidates.write(renewTime="2099-01-01T00:00:00.000000Z")
    await second.after(2)
    for _ in range(7):
        await second.after(2)
        assert not second.leads
    await second.after(2)
    assert second.leads
    # The first one slept through it all, and knows it before it does anything.
    first.now += 10
    assert not first.leads
    await first.after(7)
    assert (first.leads, first.told) == (False, [True, False])
    assert candidates.spec()["leaseTransitions"] == 1


async def test_every_renewal_starts_the_time_anew(candidates: Candidates) -> None:
    """A leader that writes stays, however long."""
    first, second = await candidates.add("first"), await candidates.add("second")
    for _ in range(20):
        await first.after(2)
        await second.after(2)
    assert (first.leads, second.leads) == (True, False)
    assert candidates.spec()["leaseTransitions"] == 0


async def test_a_leader_that_cannot_renew_ceases_in_time(candidates: Candidates) -> None:
    """It goes on through a short failure, and stops 10 s after the last success: 5 s before anybody else may begin."""
    first = await candidates.add("first")
    candidates.api.fail_always("update", Answer(503))
    await first.after(4)
    await first.after(4)
    assert first.leads
    candidates.api.fail_always("update", None)
    await first.after(1)
    candidates.api.fail_always("update", Answer(503))
    for _ in range(4):
        await first.after(2)
    assert first.leads
    await first.after(2)
    assert (first.leads, first.told) == (False, [True, False])
    assert len(first.troubles) == 7
    candidates.api.fail_always("update", None)
    await first.after(2)
    assert (first.leads, first.told) == (True, [True, False, True])


async def test_a_process_that_was_stopped_may_not_write(candidates: Candidates) -> None:
    """Suspended for a minute, it finds out by its clock, before its next round."""
    first = await candidates.add("first")
    first.now += 60
    assert not first.leads


async def test_another_holder_ends_it_at_once(candidates: Candidates) -> None:
    """Whoever took the Lease, by whatever right."""
    first = await candidates.add("first")
    candidates.write(holderIdentity="somebody")
    await first.after(2)
    assert (first.leads, first.told) == (False, [True, False])
    assert candidates.spec()["holderIdentity"] == "somebody"


async def test_another_holder_ends_it_also_when_it_was_hard_to_see(candidates: Candidates) -> None:
    """The write conflicts, and reading why fails: it is found out in the next round."""
    first = await candidates.add("first")
    candidates.write(holderIdentity="somebody")
    candidates.api.fail("get", Answer(503))
    await first.after(2)
    assert first.leads
    await first.after(2)
    assert (first.leads, first.told) == (False, [True, False])


async def test_a_renewal_whose_answer_is_lost_is_no_loss(candidates: Candidates) -> None:
    """The version moved without our knowledge; the Lease is still ours."""
    first = await candidates.add("first")
    candidates.api.fail("update", Lost())
    await first.after(2)
    await first.after(2)
    await first.after(2)
    assert (first.leads, first.told) == (True, [True])
    first.now += 9
    assert first.leads


async def test_a_deleted_lease_is_made_again(candidates: Candidates) -> None:
    """Somebody tidied up."""
    first = await candidates.add("first")
    candidates.api.delete(PATH)
    await first.after(2)
    await first.after(2)
    assert first.leads
    assert candidates.spec()["holderIdentity"] == "first"


async def test_a_deleted_lease_that_somebody_made_again_is_theirs(candidates: Candidates) -> None:
    """The former leader finds out before it writes."""
    first = await candidates.add("first")
    lease = candidates.api.objects.get(PLACE)
    candidates.api.delete(PATH)
    await first.after(2)
    candidates.api.put(PATH, lease | {"spec": lease["spec"] | {"holderIdentity": "somebody"}})
    await first.after(2)
    assert (first.leads, first.told) == (False, [True, False])


async def test_two_who_see_it_free_do_not_both_lead(candidates: Candidates) -> None:
    """The version decides."""
    first, second, third = [await candidates.add(name) for name in ("first", "second", "third")]
    await first.stop()
    await asyncio.gather(second.after(2), third.after(2))
    assert sorted([second.leads, third.leads]) == [False, True]


async def test_the_lease_is_given_back(candidates: Candidates) -> None:
    """The next one takes it with its next look, not after 15 s."""
    first, second = await candidates.add("first"), await candidates.add("second")
    await first.stop()
    assert candidates.spec()["holderIdentity"] == ""
    assert (first.leads, first.told) == (False, [True, False])
    await second.after(2)
    assert second.leads


async def test_leaving_never_hangs(candidates: Candidates) -> None:
    """Nor takes the Lease from a successor."""
    first = await candidates.add("first")
    candidates.write(holderIdentity="somebody")
    await first.stop()
    assert candidates.spec()["holderIdentity"] == "somebody"
    second = await candidates.add("second")
    await second.stop()
    assert candidates.spec()["holderIdentity"] == "somebody"


async def test_what_others_wrote_into_it_stays(candidates: Candidates) -> None:
    """Labels, and fields of a later API."""
    first = await candidates.add("first")
    await first.stop()
    present = candidates.api.objects.get(PLACE)
    present = present | {"metadata": present["metadata"] | {"labels": {"a": "b"}}}
    candidates.api.put(PATH, present | {"spec": present["spec"] | {"strategy": "OldestEmulationVersion"}})
    second = await candidates.add("second")
    assert second.leads
    assert candidates.spec()["strategy"] == "OldestEmulationVersion"
    assert candidates.api.objects.get(PLACE)["metadata"]["labels"] == {"a": "b"}


async def test_a_hanging_server_does_not_keep_a_leader(candidates: Candidates) -> None:
    """No answer at all: the deadline comes first."""
    told: list[bool] = []
    terms = Terms(duration=0.6, renew_deadline=0.3, retry=0.05)
    election = Election(
        candidates._client, namespace="genkan-system", name="genkan", identity="x", terms=terms, on_change=told.append
    )
    task = asyncio.create_task(election.run())
    await until(election.may_write)
    candidates.api.fail_always("update", Stream(end="silence"))
    await until(lambda: told == [True, False], deadline=2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_one_hanging_renewal_leaves_time_for_another(candidates: Candidates) -> None:
    """No request may use up the whole deadline."""
    told: list[bool] = []
    terms = Terms(duration=1.5, renew_deadline=1.0, retry=0.02)
    election = Election(
        candidates._client, namespace="genkan-system", name="genkan", identity="x", terms=terms, on_change=told.append
    )
    task = asyncio.create_task(election.run())
    await until(election.may_write)
    candidates.api.fail("update", Stream(end="silence"))
    await until(lambda: candidates.api.asked("update"))
    before = len(candidates.api.asked("update"))
    await until(lambda: len(candidates.api.asked("update")) > before + 2)
    assert told == [True]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def test_the_clock_goes_on_while_the_machine_sleeps() -> None:
    """It is not the one that stops."""
    assert since_boot() <= since_boot()
