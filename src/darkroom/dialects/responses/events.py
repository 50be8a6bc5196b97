"""A response's server-sent events, in the order in which OpenAI sends them.

The events of a job are one list, of which more is known the further the job is: what was sent
stays a beginning of it. So an event's ``sequence_number`` is its place, and a stream can be taken
up again at any.
"""

from collections.abc import Sequence
from typing import Any

from darkroom.core.dialect import LinkOf, Piece
from darkroom.core.job import Asset, AssetKind, Job, JobState
from darkroom.core.note import preview_place
from darkroom.dialects._made import shape
from darkroom.dialects.responses import errors, ids, render
from darkroom.dialects.responses.holes import Holes
from darkroom.dialects.responses.note import note_of
from darkroom.dialects.responses.said import call_numbers, shown_items

_CALL = "response.image_generation_call"


def events(job: Job, link_of: LinkOf) -> "Log":
    """All that can be told of the job by now."""
    view = render.View(job, link_of, Holes())
    log = Log(view)
    background = note_of(job).background
    waiting = "queued" if background else "in_progress"
    log.add("response.created", response=render.opening(job, waiting))
    if background:
        log.add("response.queued", response=render.opening(job, "queued"))
    if job.state is JobState.QUEUED:
        return log
    log.add("response.in_progress", response=render.opening(job, "in_progress"))
    if job.request.mainline is not None:
        _answered(log)
    else:
        _done_here(log)
    return log


def _done_here(log: "Log") -> None:
    view, job = log.view, log.view.job
    _call_begins(log, 0, 0)
    for asset in _previews(job):
        _partial(log, asset, 0, asset.position)
    if job.state is JobState.SUCCEEDED:
        _made(log)
    elif errors.of_call(job):
        [refused] = render.calls(view)
        log.add("response.output_item.done", output_index=0, item=refused)
    elif job.state.final:
        log.add("response.failed", response=render.response(view))
        return
    if job.state.final:
        _told(log, max(1, len(job.results)))


def _answered(log: "Log") -> None:
    """What a text model has said by now. Its items come one after another, so the previews
    behind the last one belong to the image call that it makes now."""
    view, job = log.view, log.view.job
    said = note_of(job).said
    items = [] if said is None else shown_items(job, said, view.holes)
    numbers = {} if said is None else call_numbers(said)
    for at, item in enumerate(items):
        if at in numbers:
            if not job.state.final:  # its picture is not stored yet
                return _begun(log, at, numbers[at])
            _begun(log, at, numbers[at])
            if item.get("status") == "completed":
                log.add(f"{_CALL}.completed", output_index=at, item_id=item["id"])
            log.add("response.output_item.done", output_index=at, item=item)
        else:
            _spoken(log, at, item)
    if job.state is JobState.SUCCEEDED:
        shown = render.response(view)
        return log.add(f"response.{shown['status']}", response=shown)
    if not job.state.final:
        if any(preview_place(asset.position)[0] == len(items) for asset in _previews(job)):
            _begun(log, len(items), len(numbers))
        return None
    if not errors.of_call(job):
        return log.add("response.failed", response=render.response(view))
    return _refused(log)


def _refused(log: "Log") -> None:
    """The whole request was refused on policy."""
    [refused] = render.calls(log.view)
    _call_begins(log, 0, 0)
    log.add("response.output_item.done", output_index=0, item=refused)
    _told(log, 1)


def _told(log: "Log", index: int) -> None:
    _spoken(log, index, render.message(log.view))
    log.add("response.completed", response=render.response(log.view))


def _begun(log: "Log", at: int, number: int) -> None:
    """An image call with its previews."""
    _call_begins(log, at, number)
    for asset in _previews(log.view.job):
        output_index, index = preview_place(asset.position)
        if output_index == at:
            _partial(log, asset, at, index, number)


def _previews(job: Job) -> list[Asset]:
    """By age: a second attempt may send its previews again."""
    return sorted(job.assets_of(AssetKind.PARTIAL), key=lambda asset: asset.id)


class Log:
    """Numbers events as they are added."""

    def __init__(self, view: render.View) -> None:
        self.view = view
        self._events: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._events)

    def add(self, name: str, **fields: Any) -> None:
        self._events.append({"type": name, "sequence_number": len(self._events), **fields})

    def after(self, count: int) -> Sequence[Piece]:
        """What goes over the wire, without the first ``count`` events."""
        return [piece for event in self._events[count:] for piece in _written(self.view, event)]


def _written(view: render.View, event: dict[str, Any]) -> list[Piece]:
    head = f"event: {event['type']}\ndata: ".encode()
    return [head, *view.holes.pieces(event), b"\n\n"]


def _call_begins(log: Log, index: int, number: int) -> None:
    name = ids.call_id(log.view.job, number)
    item = {"id": name, "type": "image_generation_call", "status": "in_progress", "result": None}
    log.add("response.output_item.added", output_index=index, item=item)
    for state in ("in_progress", "generating"):
        log.add(f"{_CALL}.{state}", output_index=index, item_id=name)


def _partial(log: Log, asset: Asset, output_index: int, index: int, number: int = 0) -> None:
    job = log.view.job
    log.add(
        f"{_CALL}.partial_image",
        output_index=output_index,
        item_id=ids.call_id(job, number),
        partial_image_index=index,
        partial_image_b64=log.view.holes.base64_of(asset),
        **shape(job, asset),
    )


def _made(log: Log) -> None:
    for asset in log.view.job.results:
        if asset.position:
            _call_begins(log, asset.position, asset.position)
        item = render.call(log.view, asset)
        log.add(f"{_CALL}.completed", output_index=asset.position, item_id=item["id"])
        log.add("response.output_item.done", output_index=asset.position, item=item)


def _spoken(log: Log, index: int, item: dict[str, Any]) -> None:
    """A whole item that is no image call: a message with its parts, or what a model reasoned."""
    parts = item.get("content") if item.get("type") == "message" else None
    begun: dict[str, Any] = (
        item if parts is None else item | {"status": "in_progress", "content": []}
    )
    log.add("response.output_item.added", output_index=index, item=begun)
    for content_index, part in enumerate(parts or ()):
        place = {
            "item_id": item.get("id", ""),
            "output_index": index,
            "content_index": content_index,
        }
        field = "refusal" if part.get("type") == "refusal" else "text"
        name = "response.refusal" if field == "refusal" else "response.output_text"
        more: dict[str, Any] = {} if field == "refusal" else {"logprobs": []}
        text = part.get(field, "")
        log.add("response.content_part.added", **place, part=part | {field: ""})
        log.add(f"{name}.delta", **place, delta=text, **more)
        log.add(f"{name}.done", **place, **{field: text}, **more)
        log.add("response.content_part.done", **place, part=part)
    log.add("response.output_item.done", output_index=index, item=item)
