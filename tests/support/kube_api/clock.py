"""Time that passes only when somebody sleeps, so that back-off is tested without waiting."""

import asyncio


class Clock:
    """Call it for the time in seconds; give `sleep` where code sleeps. `slept` is every sleep asked for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """The time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass and others run."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
