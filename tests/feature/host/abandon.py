"""A program that runs one data plane and then waits to be killed: `python -m tests.feature.host.abandon STATE_DIR`."""

import asyncio
import sys
from pathlib import Path

from genkan.infrastructure.host.infrastructure import HostInfrastructure
from tests.feature.host.watching import Watched


async def main(state_dir: Path) -> None:
    watched = Watched(HostInfrastructure(state_dir, on_change=lambda _key: None), state_dir)
    await watched.infrastructure.start()
    await watched.run()
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
