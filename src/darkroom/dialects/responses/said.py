"""The output items of a text model's answer, as its vendor sent them, with our images in them."""

from typing import Any

from darkroom.core.job import Asset, Job
from darkroom.core.note import Said
from darkroom.dialects._made import shape
from darkroom.dialects.responses import ids
from darkroom.dialects.responses.holes import Holes
from darkroom.dialects.responses.note import note_of

CALL = "image_generation_call"


def drawn_by(job: Job, number: int) -> Asset | None:
    """The result of an image call, which are numbered from 0 in the order of the output."""
    said = note_of(job).said
    position = number if said is None else _positions(said).get(number)
    return next((asset for asset in job.results if asset.position == position), None)


def call_numbers(said: Said) -> dict[int, int]:
    """Place in the output to number, of each image call."""
    places = [at for at, item in enumerate(said.items) if item.get("type") == CALL]
    return {at: number for number, at in enumerate(places)}


def shown_items(job: Job, said: Said, holes: Holes | None) -> list[dict[str, Any]]:
    """The items in order. ``holes`` None: without the images' bytes.

    An image call has the id under which it is known here.
    """
    numbers = call_numbers(said)
    return [
        _call(job, item, numbers[at], holes) if at in numbers else item
        for at, item in enumerate(said.items)
    ]


def _call(job: Job, item: dict[str, Any], number: int, holes: Holes | None) -> dict[str, Any]:
    shown = {**item, "id": ids.call_id(job, number)}
    if not item.get("result"):
        return shown
    asset = drawn_by(job, number)
    if asset is None:  # not kept yet, or what came was no image
        state = "generating" if not job.state.final else "failed"
        return shown | {"status": state, "result": None}
    made = shape(job, asset)
    true = {name: made[name] for name in ("size", "output_format")}
    return shown | true | {"result": None if holes is None else holes.base64_of(asset)}


def _positions(said: Said) -> dict[int, int]:
    """Number of an image call to the position of its result."""
    numbers = call_numbers(said)
    drawn = [number for at, number in numbers.items() if said.items[at].get("result")]
    return {number: position for position, number in enumerate(drawn)}
