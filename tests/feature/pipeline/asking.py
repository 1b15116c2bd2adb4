"""Short questions to an Ingress: who answers, and wait until it is so."""

from tests.support.client import Answer, Target, request
from tests.support.manifests import workload
from tests.support.serve import Serve
from tests.support.waiting import until

BACKENDS = ("red", "green", "blue")


def put_backends(serve: Serve, addresses: dict[str, str]) -> None:
    """A Service of its own for each backend, in one file."""
    serve.write("backends.yaml", *(each for name in BACKENDS for each in workload(name, addresses[name])))


async def who(target: Target, path: str = "/", host: str = "") -> str:
    """The name of the backend that answers, or the status when it is none."""
    answer = await request(target, path, host=host)
    return answer.received.name if answer.status == 200 else str(answer.status)


async def becomes(target: Target, wanted: str, path: str = "/", host: str = "", deadline: float = 10.0) -> None:
    """Wait until this backend, or this status, answers."""

    async def answers() -> bool:
        found = await who(target, path, host)
        assert found == wanted
        return True

    await until(answers, deadline, what=f"{wanted} at {host}{path}")


async def answered(target: Target, path: str = "/", host: str = "", deadline: float = 10.0) -> Answer:
    """The first answer with status 200."""

    async def answers() -> Answer:
        answer = await request(target, path, host=host)
        assert answer.status == 200, answer
        return answer

    return await until(answers, deadline, what=f"200 at {host}{path}")
