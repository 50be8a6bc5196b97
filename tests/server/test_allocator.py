"""Memory goes back to the system after a burst."""

import subprocess
import sys

import pytest

_BURST = """
import asyncio
from darkroom.server import allocator

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

async def main():
    allocator.tune()
    before = resident_mb()
    working = True
    seen = asyncio.Event()

    def busy():
        seen.set()
        return working

    task = asyncio.create_task(allocator.give_back_when_idle(busy, lambda: 1, 0.01))
    keep = []
    for _ in range(200):
        buffer = bytearray(1 << 20)
        buffer[::4096] = b"x" * 256
        keep += [buffer, bytearray(64)]
    await seen.wait()
    full = resident_mb()
    keep = keep[-1:]
    working = False
    for _ in range(500):
        await asyncio.sleep(0.01)
        if resident_mb() < before + 40:
            break
    task.cancel()
    print(before, full, resident_mb())

asyncio.run(main())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_memory_is_given_back_after_a_burst() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", _BURST], capture_output=True, text=True, check=True, timeout=60
    )
    before, full, after = map(float, done.stdout.split())
    assert full > before + 150
    assert after < before + 40
