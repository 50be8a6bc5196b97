"""What was made and what it cost, as the answers of OpenAI's APIs say it."""

from typing import Any

from darkroom.core.job import Asset, Charge, Job
from darkroom.core.money import dollars

_FORMATS = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/gif": "gif",
}


def bill(job: Job, charge: Charge) -> dict[str, Any]:
    """What the headers say, where they may have left before it was known."""
    return {
        "job": job.id,
        "model": job.model,
        "deployment": job.deployment,
        "charge_nanos": charge.nanos,
        "charge_usd": dollars(charge.nanos),
        "warnings": job.warnings,
    }


def shape(job: Job, asset: Asset) -> dict[str, str]:
    """What was made: the true size and format, and what the upstream said of the rest."""
    said, asked = job.output, job.request
    quality = (said.quality if said else "") or asked.quality
    background = (said.background if said else "") or asked.background
    shape = {
        "background": background if background != "auto" else "opaque",
        "output_format": _FORMATS[asset.media_type],
        "size": f"{asset.width}x{asset.height}",
    }
    # "auto" is no value of the answer; an upstream that did not say leaves it out.
    return shape | ({"quality": quality} if quality != "auto" else {})
