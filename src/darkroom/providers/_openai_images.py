"""OpenAI's Images wire format, shared by the adapters of vendors that speak it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    DarkroomError,
    ModerationBlocked,
    UpstreamBroken,
    UpstreamDenied,
)
from darkroom.core.ports import (
    Egress,
    Finding,
    ImageSink,
    InputFile,
    Part,
    UpstreamCall,
    UpstreamResponse,
)
from darkroom.core.request import Operation
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.usage import Usage, summed
from darkroom.core.warning import Warning
from darkroom.providers._answers import Body, as_count, as_list, as_object, as_text, error_body
from darkroom.providers._downloads import downloaded, lost
from darkroom.providers._image_json import ImageEvents, ImageJson, remove
from darkroom.providers._openai_errors import classify, from_error

_LIST_MAX = 4 * 1024 * 1024
# More tokens than any image can take: a number that is none.
_TOKENS_MAX = 10**9
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
# Ten images with three previews each are the most that can be asked for.
_STREAMED_MAX = 64
# OpenAI's name for it, and Azure's.
_REQUEST_IDS = ("x-request-id", "apim-request-id")


def fields(call: UpstreamCall) -> Body:
    """The scalar parameters of a generation or an edit, without those left to the model."""
    request = call.request
    body: Body = {"model": call.upstream_model, "prompt": request.prompt, "n": request.n}
    for name in ("size", "quality", "background", "moderation"):
        if (value := getattr(request, name)) != "auto":
            body[name] = value
    if request.output_format != "png":
        body["output_format"] = request.output_format
    for name in (
        "output_compression",
        "input_fidelity",
        "complexity",
        "frame_count",
        "frame_duration_ms",
        "user",
    ):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if request.partial_images:
        body |= {"stream": True, "partial_images": request.partial_images}
    return body


def form(
    body: Body,
    inputs: Sequence[InputFile],
    mask: InputFile | None = None,
    names: tuple[str, str] = ("image[]", "mask"),
) -> list[Part]:
    """The multipart body of an edit: files are named, because the vendor judges by the name too.

    ``names``: the fields of an input image and of the mask.
    """
    parts = [Part(name, value=_text(value)) for name, value in body.items()]
    for index, file in enumerate(inputs):
        filename = f"image-{index}.{_EXTENSIONS[file.media_type]}"
        parts.append(Part(names[0], path=file.path, filename=filename, media_type=file.media_type))
    if mask is not None:
        parts.append(
            Part(names[1], path=mask.path, filename="mask.png", media_type=mask.media_type)
        )
    return parts


def path_of(call: UpstreamCall) -> str:
    return "/images/edits" if call.request.operation is Operation.EDIT else "/images/generations"


def read_usage(raw: Any) -> Usage | None:
    """The vendor's ``usage``; None when it reports nothing that can be used.

    The Images API often leaves out ``output_tokens_details``; its output is images, so those
    tokens are image tokens and not text: https://github.com/BerriAI/litellm/issues/31142
    """
    usage = as_object(raw)
    into, out = as_count(usage.get("input_tokens")), as_count(usage.get("output_tokens"))
    if not (into or out) or into + out > _TOKENS_MAX:
        return None
    into_details = as_object(usage.get("input_tokens_details"))
    out_details = as_object(usage.get("output_tokens_details"))
    cached = as_object(usage.get("cached_tokens_details"))
    image_in = min(as_count(into_details.get("image_tokens")), into)
    text_out = min(as_count(out_details.get("text_tokens")), out)
    return Usage(
        text_in=into - image_in,
        image_in=image_in,
        cached_text_in=min(as_count(cached.get("cached_text_tokens")), into - image_in),
        cached_image_in=min(as_count(cached.get("cached_image_tokens")), image_in),
        image_out=out - text_out,
        text_out=text_out,
    )


def no_cost(_: Body) -> int | None:
    """For vendors that do not say what a request cost."""
    return None


@dataclass(frozen=True, slots=True)
class Reading:
    """What differs between vendors in a good answer.

    ``usage`` reads the value of "usage"; ``cost`` reads nano-dollars from the answer, or from
    the last event of a stream. With ``egress`` images may also come as URLs, which it fetches.
    """

    usage: Callable[[Any], Usage | None] = read_usage
    cost: Callable[[Body], int | None] = no_cost
    egress: Egress | None = None


async def read_result(
    response: UpstreamResponse,
    call: UpstreamCall,
    sink: ImageSink,
    deployment: Deployment,
    reading: Reading = Reading(),
) -> ProviderResult:
    """Read an answer of either kind. Raises from the error tree for everything but images."""
    if response.status != 200:
        raise classify(response, await error_body(response), deployment)
    answer = _Answer(response, call, sink, deployment, reading)
    if "text/event-stream" in (response.header("content-type") or ""):
        return await answer.events()
    return await answer.document()


async def read_line(
    response: UpstreamResponse, call: UpstreamCall, sink: ImageSink, deployment: Deployment
) -> ProviderResult:
    """Read the one line of a batch's output or error file, which wraps an answer of status 200.

    https://platform.openai.com/docs/guides/batch#5-retrieve-the-results
    """
    answer = _Answer(response, call, sink, deployment, Reading())
    return await answer.document(lambda line: _unwrapped(line, deployment))


def _unwrapped(line: Body, deployment: Deployment) -> Body:
    response = as_object(line.get("response"))
    body, status = as_object(response.get("body")), as_count(response.get("status_code"))
    if status == 200:
        return body
    said = body.get("error") or body or line.get("error")
    raise from_error(said, status or 500, deployment)


def _as_it_is(answer: Body) -> Body:
    return answer


@dataclass(frozen=True, slots=True)
class _Answer:
    """One good answer on its way in."""

    response: UpstreamResponse
    call: UpstreamCall
    sink: ImageSink
    deployment: Deployment
    reading: Reading

    async def document(self, within: Callable[[Body], Body] = _as_it_is) -> ProviderResult:
        """``within`` finds the answer in what is around it."""
        document = ImageJson(self.sink.writer)
        try:
            while piece := await self.response.read_piece():
                document.feed(piece)
            return await self._result(document, within)
        except BaseException:
            document.discard()
            raise

    async def _result(self, document: ImageJson, within: Callable[[Body], Body]) -> ProviderResult:
        name = self.deployment.id
        answer = document.finish()
        if not isinstance(answer, dict):
            raise UpstreamBroken(f"{name} answered with JSON that is not an object.")
        answer = within(as_object(answer))
        if answer.get("error"):  # some vendors say 200 and mean an error
            raise from_error(answer["error"], 200, self.deployment)
        items = [as_object(item) for item in as_list(answer.get("data"))]
        refused = [item for item in items if item.get("respect_moderation") is False]
        if refused and len(refused) == len(items):
            raise ModerationBlocked(
                f"{name} made images that its moderation holds back.",
                details={"stage": "output", "categories": []},
            )
        images, prompts = _inline(document, items, refused)
        warnings = _held_back(len(refused), len(items))
        if not images:
            images, prompts, lost_ones = await self._linked(items, refused)
            warnings += lost_ones
        return ProviderResult(
            images=self._taken(images),
            usage=self.reading.usage(answer.get("usage")),
            output=_output(answer, prompts),
            upstream_id=self._upstream_id(),
            warnings=warnings,
            cost_nanos=self.reading.cost(answer),
        )

    async def _linked(
        self, items: Sequence[Body], refused: Sequence[Body]
    ) -> tuple[list[SpooledImage], tuple[str | None, ...], tuple[Warning, ...]]:
        """The images that the answer gives as URLs."""
        linked = [item for item in items if as_text(item.get("url")) and item not in refused]
        linked = linked[: self.call.request.n]
        if not linked or self.reading.egress is None:
            return [], (), ()
        urls = [as_text(item["url"]) for item in linked]
        found = await downloaded(self.reading.egress, self.deployment, urls, self.sink)
        pairs = [(image, _prompt(item)) for image, item in zip(found, linked, strict=True) if image]
        return [image for image, _ in pairs], tuple(prompt for _, prompt in pairs), lost(found)

    async def events(self) -> ProviderResult:
        events = ImageEvents(self.sink.writer)
        final: list[SpooledImage] = []
        usages: list[Usage] = []
        last: Body = {}
        arrived = 0
        try:
            while piece := await self.response.read_piece():
                for event, images in events.feed(piece):
                    kind = str(event.get("type", ""))
                    arrived += len(images)
                    if arrived > _STREAMED_MAX:
                        remove(images)
                        raise UpstreamBroken(f"{self.deployment.id} streams images without end.")
                    if kind.endswith(".completed"):
                        final.extend(images)
                        last = event
                        if (usage := self.reading.usage(event.get("usage"))) is not None:
                            usages.append(usage)
                        continue
                    preview = images.pop(0) if kind.endswith(".partial_image") and images else None
                    remove(images)
                    if event.get("error") or kind == "error":
                        raise from_error(event.get("error") or event, 200, self.deployment)
                    if preview is not None:
                        await self.sink.partial(as_count(event.get("partial_image_index")), preview)
            return ProviderResult(
                images=self._taken(final),
                usage=summed(usages[: self.call.request.n]) if usages else None,
                output=_output(last, ()),
                upstream_id=self._upstream_id(),
                cost_nanos=self.reading.cost(last),
            )
        except BaseException:
            remove(final)
            raise
        finally:
            events.discard()

    def _taken(self, images: list[SpooledImage]) -> tuple[SpooledImage, ...]:
        if not images:
            raise UpstreamBroken(f"{self.deployment.id} answered without an image.")
        remove(images[self.call.request.n :])
        return tuple(images[: self.call.request.n])

    def _upstream_id(self) -> str | None:
        said = (self.response.header(name) for name in _REQUEST_IDS)
        return next((text for text in said if text), None)


async def check(
    egress: Egress,
    deployment: Deployment,
    headers: dict[str, str],
    path: str = "/models",
    names: Sequence[str] | None = None,
) -> Sequence[Finding]:
    """Whether ``path`` answers to the key and lists ``names``.

    ``names`` None: the endpoint's names of the models that the deployment is to serve; empty:
    ``path`` lists nothing that could be compared.
    """
    try:
        response = await egress.get(deployment, path, headers)
        try:
            if response.status != 200:
                raise classify(response, await error_body(response), deployment)
            listed: Any = msgspec.json.decode(await response.read(_LIST_MAX))
        finally:
            await response.close()
    except UpstreamDenied as error:
        return (Finding(False, error.message, "Check the key and what it may use."),)
    except DarkroomError as error:
        return (Finding(False, error.message, "Check base_url and the network."),)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (Finding(False, f"GET {path} answers with no JSON.", "Check base_url."),)
    if names is not None and not names:
        return (Finding(True, "The key is accepted."),)
    # Together answers with the bare list.
    data = as_list(listed) or as_list(as_object(listed).get("data"))
    known = {as_text(as_object(item).get("id")) for item in data}
    wanted = deployment.models.values() if names is None else names
    missing = sorted(set(wanted) - known)
    if missing and known:
        advice = "Ask the vendor for access, or take it out of 'models'."
        return (
            Finding(True, "The key is accepted."),
            *(
                Finding(False, f"The key does not see the model '{name}'.", advice)
                for name in missing
            ),
        )
    return (Finding(True, f"The key is accepted and sees {len(known)} models."),)


def _inline(
    document: ImageJson, items: Sequence[Body], refused: Sequence[Body]
) -> tuple[list[SpooledImage], tuple[str | None, ...]]:
    """The images within the answer with their revised prompts, without those held back and
    without the empty ones, which are removed."""
    unwanted = {as_text(item.get("b64_json")) for item in refused}
    unwanted |= {f"#{at}" for at, image in enumerate(document.images) if not image.byte_size}
    kept: list[SpooledImage] = []
    for at, image in enumerate(document.images):
        if f"#{at}" in unwanted:
            remove([image])
        else:
            kept.append(image)
    prompts = tuple(
        _prompt(item)
        for item in items
        if (place := as_text(item.get("b64_json"))) and place not in unwanted
    )
    return kept, prompts


def _held_back(refused: int, made: int) -> tuple[Warning, ...]:
    if not refused:
        return ()
    message = f"{refused} of {made} images were refused by the vendor's moderation."
    return (Warning("image_refused", message, param="n"),)


def _output(answer: Body, prompts: tuple[str | None, ...]) -> Output:
    return Output(
        size=as_text(answer.get("size")),
        quality=as_text(answer.get("quality")),
        background=as_text(answer.get("background")),
        output_format=as_text(answer.get("output_format")),
        revised_prompts=prompts if any(prompts) else (),
    )


def _prompt(item: Body) -> str | None:
    return as_text(item.get("revised_prompt")) or None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
