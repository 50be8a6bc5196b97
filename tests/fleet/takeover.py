"""How long a job stands still whose process died: from ``kill -9`` to its next upstream call."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fleet.fleet import Fleet
from tests.support.process import deployment_table, until

_ASKED = {"model": "gpt-image-1.5", "prompt": "a red bicycle", "quality": "low"}
_TAKEN_OVER_S = 120.0


def takeovers(folder: Path, database_url: str, kills: int, dead_after_s: float) -> Iterator[float]:
    """Seconds, one number per kill. The process that was killed starts again before the next."""
    with OpenAIVendor() as vendor:
        config = deployment_table(vendor, resend_unknown=True)
        silence = str(dead_after_s)
        with Fleet(folder, database_url, config, DARKROOM_DEAD_AFTER_S=silence) as fleet:
            for _ in range(kills):
                yield _takeover(fleet, vendor)


def _takeover(fleet: Fleet, vendor: OpenAIVendor) -> float:
    called = len(vendor.received)
    vendor.next(Fault.HANG)
    with fleet.client() as http:
        answer = http.post("/evolink/v1/images/generations", json=_ASKED)
        job = f"/v1/jobs/{answer.headers['x-darkroom-job']}"
        asyncio.run(vendor.wait_received(called + 1, 60))
        killed = fleet.runner()
        killed.kill()
        began = time.monotonic()
        asyncio.run(vendor.wait_received(called + 2, _TAKEN_OVER_S))
        took_s = time.monotonic() - began
        until(lambda: http.get(job).json()["state"] == "succeeded", "the end of the job")
    killed.start()
    return took_s
