"""A server on loopback that speaks OpenAI's Images API with the differences of one vendor.

Used like :mod:`tests.fakes.openai_vendor`. ``kind`` names the vendor: what it takes, how it wants
sizes and input images, and what its answers and errors look like. Recorded shapes:
SGLang 0.5.23, vLLM-Omni 0.30.0, LocalAI 82c191a, together 3.1.1, xai-sdk 1.21.0 and the vendors'
references.
"""

import base64
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from PIL import Image

from tests.fakes.openai_answers import MANGLERS
from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import HTML, Reply
from tests.fakes.pictures import Look, color_of, picture
from tests.fakes.recording import Received
from tests.fakes.vendor import Vendor

Document = dict[str, Any]

RATIOS = {
    "1:1": (1024, 1024),
    "3:2": (1248, 832),
    "2:3": (832, 1248),
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "2:1": (1408, 704),
}


class Refused(Exception):
    """The vendor's answer to a request that it does not take."""

    def __init__(self, status: int, body: Document) -> None:
        super().__init__(str(body))
        self.reply = _json(status, body)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, once the vendor's words are understood."""

    prompt: str
    n: int
    size: tuple[int, int]
    format: str
    linked: bool
    inputs: int


@dataclass(frozen=True, slots=True)
class Kind:
    """One vendor. ``fields`` it knows; others it refuses, unless ``lenient``."""

    fields: frozenset[str]
    error: Callable[[int, str], Document]
    size: Callable[[Document], tuple[int, int]]
    answer: Callable[["Asked", list[Document]], Document]
    path: str = "/v1/images/generations"
    edits: str = ""
    form: bool = False
    formats: tuple[str, ...] = ("png", "jpeg", "webp")
    base64: tuple[str, ...] = ("b64_json",)
    """What ``response_format`` says for images in the answer."""
    links: tuple[str, ...] = ("url",)
    inline: bool = False
    """Whether images come in the answer when it says nothing."""
    lenient: bool = False
    refusal: tuple[int, Document] = (400, {})
    references: Callable[[Document], list[Any]] = lambda _: []
    also: frozenset[str] = field(default_factory=frozenset[str])
    """What edits know beyond."""


class CompatibleVendor(Vendor):
    """``served``: the names of models that it has."""

    paths = (
        *("/v1/images/generations", "/v1/images/edits", "/v1/images"),
        *("/v1/models", "/v1/key", "/files/{name}"),
    )
    prefix = "/v1"
    bought_at = "/v1/images"

    def __init__(
        self, kind: str, served: frozenset[str], *, keys: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(kind, keys=keys)
        self.kind = KINDS[kind]
        self.served = served
        self.refuse_images = 0
        """How many images of an answer its moderation holds back (xAI)."""
        self.answer: Document = {}
        """Replaces fields of answers."""
        self.linked_to = ""
        """Where images are linked to; else here."""
        self._files: dict[str, tuple[bytes, str]] = {}

    def decide(self, arrived: Received, problem: str) -> tuple[Reply, Plan]:
        if arrived.path.startswith("/files/"):
            return self._deliver(arrived)
        key = arrived.headers.get("authorization", "").removeprefix("Bearer ")
        if self.keys and key not in self.keys:
            return _json(401, self.kind.error(401, "Incorrect API key provided.")), Plan()
        if arrived.path in ("/v1/models", "/v1/key"):
            return _json(200, {"object": "list", "data": [{"id": m} for m in self.served]}), Plan()
        try:
            asked = self._understood(arrived, problem)
        except Refused as refused:
            return refused.reply, Plan()
        what = self.script.take(arrived.path, asked.prompt)
        if what.fault is Fault.MODERATION_BLOCKED:
            return _json(*self.kind.refusal), what
        if what.fault in _STATUSES:
            return self._failed(what), what
        answer = {**self.kind.answer(asked, self._images(asked)), **self.answer}
        body = MANGLERS.get(what.fault, bytes)(json.dumps(answer).encode())
        return Reply(200, (body,)), what

    def _failed(self, what: Plan) -> Reply:
        status = _STATUSES[what.fault]
        headers = {"retry-after": what.retry_after} if what.retry_after else {}
        if status == 502:
            return Reply(502, (HTML % (b"502", b"502"),), headers, "text/html")
        body = self.kind.error(status, "Something is off.")
        return Reply(status, (json.dumps(body).encode(),), headers)

    def _understood(self, arrived: Received, problem: str) -> Asked:
        kind, edit = self.kind, arrived.path.endswith("/edits")
        if problem or arrived.method != "POST":
            raise Refused(400, kind.error(400, problem or "Bad method"))
        if arrived.path != (kind.edits if edit else kind.path):
            raise Refused(404, kind.error(404, "Not Found"))
        asked = arrived.params
        if edit and kind.form and not arrived.files:
            raise Refused(422, kind.error(422, "Field required"))
        known = kind.fields | (kind.also if edit else frozenset())
        if not kind.lenient and (unknown := set(asked) - known):
            name = sorted(unknown)[0]
            raise Refused(400, kind.error(400, f"Argument not supported: {name}"))
        if asked.get("model") not in self.served:
            raise Refused(400, kind.error(400, f"Model mismatch: {asked.get('model')}"))
        return Asked(
            prompt=str(asked["prompt"]),
            n=int(asked.get("n", 1)),
            size=kind.size(asked),
            format=self._format(asked),
            linked=self._linked(asked),
            inputs=self._inputs(arrived, asked),
        )

    def _format(self, asked: Document) -> str:
        form = str(asked.get("output_format") or self.kind.formats[-1])
        if form not in self.kind.formats:
            raise Refused(422, self.kind.error(422, f"No such output_format: {form}"))
        return form

    def _linked(self, asked: Document) -> bool:
        said = asked.get("response_format")
        if said is None:
            return not self.kind.inline
        if said in self.kind.base64:
            return False
        if said in self.kind.links:
            return True
        raise Refused(422, self.kind.error(422, f"No such response_format: {said}"))

    def _inputs(self, arrived: Received, asked: Document) -> int:
        """Every input image has to be one."""
        files = [part.data for part in arrived.files if part.name in ("image", "image[]", "mask")]
        files += [_from_data_url(url) for url in self.kind.references(asked)]
        for data in files:
            with Image.open(io.BytesIO(data)) as image:
                image.load()
        return len(files)

    def _images(self, asked: Asked) -> list[Document]:
        images: list[Document] = []
        for index in range(asked.n):
            look = Look(*asked.size, color_of(asked.prompt, index))
            data = picture(asked.format, look)
            if index < self.refuse_images:
                images.append({"b64_json": "", "url": "", "respect_moderation": False})
                continue
            name = f"{len(self._files)}.{asked.format}"
            self._files[name] = (data, asked.format)
            place = self.linked_to or f"http://127.0.0.1:{self.port}"
            images.append(
                {"url": f"{place}/files/{name}"}
                if asked.linked
                else {"b64_json": base64.b64encode(data).decode()}
            )
        return images

    def _deliver(self, arrived: Received) -> tuple[Reply, Plan]:
        found = self._files.get(arrived.path.rpartition("/")[2])
        if found is None or "authorization" in arrived.headers:
            return Reply(403, (b"AccessDenied",), content_type="text/plain"), Plan()
        what = self.script.take(arrived.path, "")
        return Reply(200, (found[0],), content_type=f"image/{found[1]}"), what


def _json(status: int, body: Document) -> Reply:
    return Reply(status, (json.dumps(body).encode(),))


def _from_data_url(url: Any) -> bytes:
    match = re.fullmatch(r"data:image/(?:png|jpeg|webp);base64,(.+)", str(url))
    assert match is not None, "input images are data URLs"
    return base64.b64decode(match[1], validate=True)


_STATUSES: Mapping[Fault, int] = {
    Fault.RATE_LIMITED: 429,
    Fault.SERVER_ERROR: 500,
    Fault.BAD_GATEWAY: 502,
    Fault.OVERLOADED: 503,
    Fault.INVALID_REQUEST: 400,
    Fault.INSUFFICIENT_QUOTA: 402,
}


# The vendors -----------------------------------------------------------------------------------


def _openai_error(status: int, message: str) -> Document:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def _fastapi_error(_: int, message: str) -> Document:
    return {"detail": message}


def _vllm_error(status: int, message: str) -> Document:
    kind = "InternalServerError" if status >= 500 else "BadRequestError"
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}


def _localai_error(status: int, message: str) -> Document:
    return {"error": {"code": status, "message": message, "type": ""}}


def _xai_error(status: int, message: str) -> Document:
    codes = {400: "Client specified an invalid argument", 429: "Some resource has been exhausted"}
    return {"code": codes.get(status, "Internal error"), "error": message}


def _openrouter_error(status: int, message: str) -> Document:
    return {"error": {"code": status, "message": message}, "user_id": "user_fake"}


def _pixels(asked: Document, default: tuple[int, int] = (1024, 1024)) -> tuple[int, int]:
    text = str(asked.get("size", "auto"))
    if text == "auto":
        return default
    width, _, height = text.partition("x")
    return int(width), int(height)


def _edges(asked: Document) -> tuple[int, int]:
    return int(asked.get("width", 1024)), int(asked.get("height", 768))


def _ratio(asked: Document) -> tuple[int, int]:
    scale = {"1k": 1, "2k": 2}[asked.get("resolution", "1k")]
    across, down = RATIOS[asked.get("aspect_ratio", "1:1")]
    return across * scale, down * scale


def _sglang(_: Asked, images: list[Document]) -> Document:
    data = [{"b64_json": None, "url": None, "revised_prompt": None, **image} for image in images]
    return {
        "id": "img_fake",
        "created": 1_763_600_000,
        "data": data,
        "peak_memory_mb": 31_000.5,
        "inference_time_s": 4.2,
    }


def _vllm(asked: Asked, images: list[Document]) -> Document:
    data = [{"url": None, "revised_prompt": None, **image} for image in images]
    size = f"{asked.size[0]}x{asked.size[1]}"
    return {
        "created": 1_763_600_000,
        "data": data,
        "output_format": asked.format,
        "size": size,
        "metrics": {},
    }


def _localai(_: Asked, images: list[Document]) -> Document:
    zeros = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    data = [{"embedding": None, "index": 0, **image} for image in images]
    return {"created": 1_763_600_000, "id": "fake", "data": data, "usage": zeros}


def _together(_: Asked, images: list[Document]) -> Document:
    data = [
        {"index": index, "type": "url" if "url" in image else "b64_json", **image}
        for index, image in enumerate(images)
    ]
    return {
        "id": "oFake-1",
        "model": "black-forest-labs/FLUX.2-pro",
        "object": "list",
        "data": data,
    }


def _xai(asked: Asked, images: list[Document]) -> Document:
    data = [{"revised_prompt": "", "respect_moderation": True, **image} for image in images]
    return {"data": data, "usage": {"cost_in_usd_ticks": 200_000_000 * asked.n}}


def _openrouter(asked: Asked, images: list[Document]) -> Document:
    data = [{**image, "media_type": f"image/{asked.format}"} for image in images]
    made = 1_056 * asked.n
    usage = {
        "prompt_tokens": 12 + 194 * asked.inputs,
        "completion_tokens": made,
        "total_tokens": made + 12 + 194 * asked.inputs,
        "cost": 0.033876,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"image_tokens": made},
        "cost_details": {"upstream_inference_cost": None},
    }
    return {"created": 1_763_600_000, "data": data, "usage": usage}


def _openai(asked: Asked, images: list[Document]) -> Document:
    usage = {
        "input_tokens": 12 + 194 * asked.inputs,
        "input_tokens_details": {"text_tokens": 12, "image_tokens": 194 * asked.inputs},
        "output_tokens": 1_056 * asked.n,
        "total_tokens": 12 + 194 * asked.inputs + 1_056 * asked.n,
    }
    return {"created": 1_763_600_000, "data": images, "usage": usage}


def _xai_references(asked: Document) -> list[Any]:
    images = asked.get("images") or ([asked["image"]] if "image" in asked else [])
    assert all(image["type"] == "image_url" for image in images)
    return [image["url"] for image in images]


def _openrouter_references(asked: Document) -> list[Any]:
    references = cast("list[Document]", asked.get("input_references", []))
    assert all(each["type"] == "image_url" for each in references)
    return [each["image_url"]["url"] for each in references]


_COMMON = frozenset({"model", "prompt", "n", "size", "response_format"})
_GUIDED = frozenset(
    {"seed", "negative_prompt", "num_inference_steps", "guidance_scale", "true_cfg_scale"}
)
_SAFETY = {
    "message": "Your request was flagged by our safety system.",
    "type": "invalid_request_error",
    "param": None,
    "code": "content_policy_violation",
}

KINDS: Mapping[str, Kind] = {
    "generic": Kind(
        fields=_COMMON | {"quality", "background", "output_format", "output_compression", "user"},
        error=_openai_error,
        size=_pixels,
        answer=_openai,
        edits="/v1/images/edits",
        form=True,
        formats=("webp", "jpeg", "png"),
        refusal=(400, {"error": _SAFETY}),
    ),
    "sglang": Kind(
        fields=_COMMON
        | _GUIDED
        | {"quality", "background", "output_format", "output_compression", "style", "user"},
        error=_fastapi_error,
        size=_pixels,
        answer=_sglang,
        edits="/v1/images/edits",
        form=True,
        formats=("png", "webp", "jpeg"),
        links=(),  # it would need a file store: HTTP 400
        lenient=True,
        refusal=(400, {"detail": "The prompt was blocked: content policy."}),
    ),
    "vllm_omni": Kind(
        fields=_COMMON | _GUIDED | {"output_format", "output_compression"},
        error=_vllm_error,
        size=_pixels,
        answer=_vllm,
        edits="/v1/images/edits",
        form=True,
        formats=("jpeg", "webp", "png"),
        links=("file",),
        inline=True,
        lenient=True,
        refusal=(400, _vllm_error(400, "The image was held back by the safety checker.")),
    ),
    "localai": Kind(
        fields=_COMMON | {"quality", "step", "file", "files", "ref_images"},
        error=_localai_error,
        size=lambda asked: _pixels(asked, (512, 512)),
        answer=_localai,
        formats=("png",),
        lenient=True,
        refusal=(400, _localai_error(400, "NSFW content detected.")),
    ),
    "together": Kind(
        fields=(_COMMON - {"size"})
        | {"width", "height", "steps", "seed", "guidance_scale", "negative_prompt", "image_url"}
        | {"reference_images", "image_loras", "disable_safety_checker", "output_format"},
        error=_openai_error,
        size=_edges,
        answer=_together,
        formats=("png", "jpeg"),
        base64=("base64",),
        refusal=(422, {"error": {**_SAFETY, "code": None, "message": "NSFW content detected"}}),
        references=lambda asked: list(asked.get("reference_images", [])),
    ),
    "xai": Kind(
        fields=(_COMMON - {"size"}) | {"aspect_ratio", "resolution", "quality", "user"},
        error=_xai_error,
        size=_ratio,
        answer=_xai,
        edits="/v1/images/edits",
        also=frozenset({"image", "images"}),
        formats=("jpeg",),
        refusal=(
            400,
            _xai_error(400, "Generated image rejected by content moderation."),
        ),
        references=_xai_references,
    ),
    "openrouter": Kind(
        fields=(_COMMON - {"response_format"})
        | {"aspect_ratio", "resolution", "quality", "output_format", "background", "seed"}
        | {"output_compression", "provider", "input_references", "user", "session_id", "stream"},
        error=_openrouter_error,
        size=_pixels,
        answer=_openrouter,
        path="/v1/images",
        inline=True,
        refusal=(
            403,
            {
                "error": {
                    "code": 403,
                    "message": "Your chosen model requires moderation and your input was flagged",
                    "metadata": {
                        "reasons": ["violence"],
                        "flagged_input": "a cat",
                        "provider_name": "OpenAI",
                        "model_slug": "openai/gpt-image-2",
                    },
                }
            },
        ),
        references=_openrouter_references,
    ),
}
