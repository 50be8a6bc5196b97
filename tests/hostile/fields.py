"""Every place in a request body where a caller may put a URL."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from darkroom.core.dialect import Dialect, WireBody
from darkroom.core.draft import RemoteImage
from darkroom.core.errors import InvalidRequest, RequestError
from darkroom.webhooks.rules import Rules
from darkroom.wiring import build_dialects
from tests.hostile.place import Place, Tally
from tests.hostile.reach import Internet, Reached
from tests.hostile.urls import Hostile, hostile

_ASKED = {"model": "gpt-image-1.5", "prompt": "a hat"}
_TOOL = {"type": "image_generation", "model": "gpt-image-1.5"}
_FINE = "https://out.example/a.png"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Field:
    """``body`` makes the JSON of a request whose field has the URL."""

    dialect: str
    path: str
    name: str
    body: Callable[[str], Mapping[str, Any]]

    def __str__(self) -> str:
        return f"{self.dialect} {self.name}"


def _apiframe(model: str, key: str, name: str, *, many: bool = True) -> Field:
    def body(url: str) -> Mapping[str, Any]:
        return {"model": model, "prompt": "a hat", key: {name: [url] if many else url}}

    return Field("apiframe", "/v2/images/generate", f"{key}.{name}", body)


def _said(*parts: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    content = [{"type": "input_text", "text": "a hat"}, *parts]
    return {"input": [{"role": "user", "content": content}], "tools": [_TOOL], **more}


def _masked(url: str) -> Mapping[str, Any]:
    tool = {**_TOOL, "input_image_mask": {"image_url": url}}
    return {**_said({"type": "input_image", "image_url": _FINE}), "tools": [tool]}


def _hook(dialect: str, path: str, name: str) -> Field:
    smallest = _said() if dialect == "responses" else _ASKED
    return Field(dialect, path, name, lambda url: {**smallest, name: url})


_EDITS, _EVOLINK = "/v1/images/edits", "/evolink/v1/images/generations"
FIELDS = (
    Field(
        "openai",
        _EDITS,
        "images[].image_url",
        lambda url: _ASKED | {"images": [{"image_url": url}]},
    ),
    Field(
        "openai",
        _EDITS,
        "mask.image_url",
        lambda url: _ASKED | {"images": [{"image_url": _FINE}], "mask": {"image_url": url}},
    ),
    Field(
        "responses",
        "/v1/responses",
        "input_image",
        lambda url: _said({"type": "input_image", "image_url": url}),
    ),
    Field("responses", "/v1/responses", "input_image_mask", _masked),
    Field("evolink", _EVOLINK, "image_urls", lambda url: _ASKED | {"image_urls": [url]}),
    Field(
        "evolink",
        _EVOLINK,
        "mask_url",
        lambda url: _ASKED | {"image_urls": [_FINE], "mask_url": url},
    ),
    _apiframe("gpt-image-1.5", "gptImageParams", "input_images"),
    _apiframe("gpt-image-2", "gptImage2Params", "input_images"),
    _apiframe("nano-banana", "nanoBananaParams", "image_input"),
    _apiframe("flux-2-pro", "fluxParams", "input_images"),
    _apiframe("flux-2-pro", "fluxParams", "image_prompt", many=False),
    _hook("openai", "/v1/images/generations", "callback_url"),
    _hook("openai", "/v1/images/generations", "webhook_url"),
    _hook("responses", "/v1/responses", "callback_url"),
    _hook("responses", "/v1/responses", "webhook_url"),
    _hook("evolink", _EVOLINK, "callback_url"),
    _hook("apiframe", "/v2/images/generate", "webhookUrl"),
    _hook("apiframe", "/v2/images/generate", "webhook_url"),
)
_DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in build_dialects()}


async def through(field: Field, case: Hostile, world: Internet, reached: Reached) -> None:
    """The URL through the dialect that reads the field and the guard that stands behind it.

    Who accepts it as a webhook's address is sent there: the first look is not the last.
    """
    dialect = _DIALECTS[field.dialect]
    route = next(each for each in dialect.routes if each.path == field.path)
    try:
        draft = dialect.parse(route.operation, WireBody(field.body(case.url)))
        if draft.callback is not None:
            Rules().check(draft.callback.url, draft.callback.param)
    except RequestError:
        reached.note(case, (), refused=True)
        return
    sources = [*draft.inputs, *([draft.mask] if draft.mask else [])]
    for source in sources:
        if isinstance(source, RemoteImage) and source.url != _FINE:
            found, opened = await world.fetch(replace(case, url=source.url))
            reached.note(case, opened, refused=found is None)
    if draft.callback is not None:
        refused, opened = await world.post(replace(case, url=draft.callback.url))
        reached.note(case, opened, refused=refused)


_STEPS = (0, 3, 7, 18, 30, 36, 41)
"""Of the corpus' notations: one of each family. None asks a resolver, which would be a real one."""
_SAMPLE = tuple(hostile()[step].url for step in _STEPS)


def at_the_doors(at: Place) -> Tally:
    """A sample through the application: refused in the caller's dialect, for nothing."""
    tally = Tally()
    for field in FIELDS:
        forms = _DIALECTS[field.dialect].render_error(InvalidRequest("x"))
        form = json.loads(b"".join(piece for piece in forms.pieces if isinstance(piece, bytes)))
        for url in _SAMPLE:
            body = json.dumps(field.body(url)).encode()
            headers = {**_JSON, **at.key, "X-Darkroom-Dialect": field.dialect}
            status, answer = at.ask("POST", field.path, headers, body)
            said = json.loads(answer.partition(b"\r\n\r\n")[2] or b"{}")
            right = 400 <= status < 500 and said.keys() >= form.keys()
            tally.note(f"{field} {url}", right, answer)
    for path, name in (("/v1/webhooks/endpoints", "url"), ("/api/v1/files/upload/url", "file_url")):
        for url in _SAMPLE:
            body = json.dumps({name: url}).encode()
            status, answer = at.ask("POST", path, {**_JSON, **at.key}, body)
            tally.note(f"{path} {url}", status == 400, answer)
    tally.note("nothing was bought", at.vendor.received == [], at.vendor.received)
    tally.note("nothing was charged", at.spent_nanos() == 0, at.spent_nanos())
    return tally
