"""Tasks that run beside everything else until their owner is closed."""

import asyncio
import contextlib


async def stop(task: "asyncio.Task[None] | None") -> None:
    """Cancel it, and return when it has ended. None: it never began."""
    if task is None:
        return
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
