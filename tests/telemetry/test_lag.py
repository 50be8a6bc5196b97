"""How late the event loop is gets measured, and nothing is left behind."""

import asyncio
import time

from darkroom.telemetry.lag import LoopLag


async def test_a_blocked_loop_shows() -> None:
    seen: asyncio.Queue[float] = asyncio.Queue()
    lag = LoopLag(seen.put_nowait, every_s=0.001)
    lag.open()
    try:
        async with asyncio.timeout(20):
            await seen.get()
            time.sleep(0.2)  # noqa: ASYNC251 - this is the misdeed
            while await seen.get() < 0.1:
                pass
    finally:
        await lag.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "event-loop-lag"]


async def test_one_that_was_never_opened_closes() -> None:
    await LoopLag(lambda _: None).close()
