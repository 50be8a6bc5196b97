"""The sandbox provider: real pictures, honest usage and staged failures, without key or network."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, TypeVar

from darkroom.core.capability import ModelSpec
from darkroom.core.deployment import Deployment
from darkroom.core.errors import UnsupportedValue, UpstreamBroken, UpstreamRejected
from darkroom.core.ids import now_ms
from darkroom.core.ports import Egress, Finding, ImageSink, ImageWriter, NotYet, UpstreamCall
from darkroom.core.result import Output, ProviderResult, SpooledImage
from darkroom.core.size import Size
from darkroom.imaging.inspect import NotAnImage
from darkroom.imaging.pool import in_pool
from darkroom.imaging.raw import kept_by, picture_of
from darkroom.providers.sandbox import magic
from darkroom.providers.sandbox.usage import usage_of

if TYPE_CHECKING:
    from PIL import Image

    from darkroom.providers.sandbox.draw import Order
    from darkroom.providers.sandbox.edit import Sources

_T = TypeVar("_T")
Sleep = Callable[[float], Awaitable[None]]

_ECONOMY_DELAY_S = "1"
_WORKERS = 2
_PIECE = 256 * 1024
_PIXELS_MAX = 9_000_000
"""Of all inputs together, as they are drawn: the largest canvas has fewer."""
_FORMATS = ("png", "jpeg", "webp", "gif")
_NOT_AN_IMAGE = b"<!doctype html><title>Bad gateway</title><p>The sandbox was told to send this.\n"


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    """Two drawing threads for the whole process: drawing is CPU work."""
    return ThreadPoolExecutor(_WORKERS, thread_name_prefix="sandbox")


def _load() -> None:
    """Import the drawing code on a worker: Pillow takes too long for the event loop."""
    import darkroom.providers.sandbox.draw  # noqa: F401  # pyright: ignore[reportUnusedImport]


class SandboxProvider:
    """Draws what the prompt says. See the guide on test prompts for making it misbehave."""

    name: ClassVar[str] = "sandbox"
    vendor: ClassVar[str] = ""
    default_base_url: ClassVar[str] = ""
    resend_safe: ClassVar[bool] = True

    def __init__(
        self, deployment: Deployment, egress: Egress | None = None, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._deployment = deployment
        self._sleep = sleep
        delay = deployment.options.get("economy_delay_s", _ECONOMY_DELAY_S)
        if not delay.isdecimal():
            raise ValueError("option 'economy_delay_s' is a whole number of seconds")
        self._economy_delay_ms = int(delay) * 1000

    def serves(self, model: ModelSpec) -> bool:
        """Every model of the catalogue: the sandbox stands in for all of them."""
        return True

    def spec(self, model: ModelSpec) -> ModelSpec:
        return replace(model, seed=True)

    async def check(self) -> Sequence[Finding]:
        return (Finding(True, "It draws on this machine and needs nothing."),)

    async def run(self, call: UpstreamCall, sink: ImageSink) -> ProviderResult:
        """Make the images of one attempt. Cancelling stops the drawing within milliseconds."""
        spell = magic.cast(call.request.prompt)
        await self._prelude(call, spell)
        run = _Run(call, sink, spell)
        try:
            return await run.all()
        except BaseException:
            run.stop.set()
            run.discard()
            raise

    async def hand_in(self, call: UpstreamCall, sink: ImageSink) -> str:
        """The id says when the picture is due: after the option ``economy_delay_s``."""
        return f"sandbox-batch-{now_ms() + self._economy_delay_ms}"

    async def collect(
        self, call: UpstreamCall, upstream_id: str, sink: ImageSink
    ) -> ProviderResult:
        due_ms = int(upstream_id.rpartition("-")[2])
        if now_ms() < due_ms:
            raise NotYet("The sandbox lets economy requests wait.")
        return await self.run(call, sink)

    async def withdraw(self, upstream_id: str) -> None:
        """There is nothing to stop."""

    async def _prelude(self, call: UpstreamCall, spell: magic.Spell) -> None:
        """What goes wrong before anything is drawn."""
        for name in ("unavailable", "deny", "reject", "429", "refuse", "fail"):
            if name in spell:
                raise spell.error(name)
        if "fail-once" in spell and call.attempt == 1:
            raise spell.error("fail-once")
        if spell.words.get("fail-on") == self._deployment.id:
            raise spell.error("fail-on")
        if "stall" in spell:
            await self._sleep(call.timeout_s)
            raise spell.error("stall")
        if "slow" in spell:
            wait = max(0.0, spell.number("slow", 5.0))
            await self._sleep(min(wait, call.timeout_s))
            if wait >= call.timeout_s:
                raise spell.error("slow")


class _Run:
    """One attempt under way: its orders, its files, and the flag that stops its threads."""

    def __init__(self, call: UpstreamCall, sink: ImageSink, spell: magic.Spell) -> None:
        self.stop = threading.Event()
        self._call = call
        self._sink = sink
        self._spell = spell
        self._size = Size.parse(call.request.size) or call.model.sizes.default
        if "wrong-size" in spell:
            self._size = Size(max(1, self._size.width // 2), max(1, self._size.height // 2))
        asked = call.request.quality
        self._quality = call.model.default_quality if asked == "auto" else asked
        self._open: list[ImageWriter] = []
        self._partials = 0

    async def all(self) -> ProviderResult:
        request, spell = self._call.request, self._spell
        if request.output_format not in _FORMATS:
            raise UnsupportedValue(
                f"The sandbox draws {', '.join(_FORMATS)}; it cannot write "
                f"{request.output_format!r}.",
                param="output_format",
            )
        count = request.n
        if "short" in spell:
            count = min(count, max(0, int(spell.number("short", 1))))
        sources = await self._sources() if count and self._call.inputs else None
        images = [await self._one(index, sources) for index in range(count)]
        if "refuse-output" in spell:
            raise spell.error("refuse-output")
        usage = usage_of(self._call, (self._size, self._quality), len(images), self._partials)
        return ProviderResult(
            images=tuple(images),
            usage=None if "no-usage" in spell else usage,
            output=Output(
                size=str(self._size),
                quality=self._quality,
                background="transparent" if request.background == "transparent" else "opaque",
                output_format=request.output_format,
            ),
            upstream_id=f"sandbox-{self._call.job_id}-{self._call.attempt}",
        )

    def discard(self) -> None:
        """Remove every file of an attempt that did not succeed."""
        for writer in self._open:
            writer.discard()

    async def _one(self, index: int, sources: "Sources | None") -> SpooledImage:
        if "wrong-type" in self._spell:
            return await self._spool(_NOT_AN_IMAGE)
        await self._work(_load)
        from darkroom.providers.sandbox import draw

        order = self._order(index, sources)
        picture = await self._work(lambda: draw.draw(order, self.stop))
        if index == 0:
            await self._previews(picture, order)
        data = await self._work(lambda: draw.finish(picture, order))
        if "break-off" in self._spell:
            await self._spool(data[: len(data) // 2])
            raise self._spell.error("break-off")
        return await self._spool(data)

    async def _previews(self, picture: "Image.Image", order: "Order") -> None:
        from darkroom.providers.sandbox import draw

        steps = self._call.request.partial_images
        sent = (steps + 1) // 2 if "break-off" in self._spell else steps
        for step in range(sent):
            data = await self._work(lambda step=step: draw.sketch(picture, order, step, steps))
            image = await self._spool(data)
            self._open.pop()  # the sink owns it from here
            await self._sink.partial(step, image)
            self._partials += 1

    async def _sources(self) -> "Sources":
        """The inputs, decoded by workers: nothing of a foreign file is opened here."""
        await self._work(_load)
        from darkroom.providers.sandbox.edit import Sources, unpacked

        call = self._call
        try:
            first, *more = call.inputs
            bounded = [(first, _PIXELS_MAX), *((item, _PIXELS_MAX // len(more)) for item in more)]
            pictures = [await in_pool(picture_of, item.path, most) for item, most in bounded]
            mask = call.mask and await in_pool(kept_by, call.mask.path, _PIXELS_MAX)
        except NotAnImage as error:
            raise UpstreamRejected(f"The sandbox cannot use an input image: {error}.") from error
        return Sources(
            tuple(map(unpacked, pictures)),
            mask and unpacked(mask),
            call.request.input_fidelity == "high",
        )

    def _order(self, index: int, sources: "Sources | None") -> "Order":
        from darkroom.providers.sandbox.draw import Order
        from darkroom.providers.sandbox.encode import Encoding

        call, request = self._call, self._call.request
        return Order(
            prompt=request.prompt,
            seed=f"job {call.job_id}" if request.seed is None else f"seed {request.seed}",
            index=index,
            size=self._size,
            quality=self._quality,
            transparent=request.background == "transparent",
            encoding=Encoding(
                request.output_format,
                request.output_compression,
                request.frame_count or 9,
                request.frame_duration_ms or 200,
            ),
            sources=sources,
        )

    async def _spool(self, data: bytes) -> SpooledImage:
        writer = self._sink.writer()
        self._open.append(writer)

        def write() -> SpooledImage:
            for start in range(0, len(data), _PIECE):
                writer.write(memoryview(data)[start : start + _PIECE])
            return writer.finish()

        task = asyncio.ensure_future(self._work(write))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The thread goes on writing: only when it is done can the file be discarded for good.
            await asyncio.wait({task})
            raise

    async def _work(self, job: Callable[[], _T]) -> _T:
        """Run ``job`` on a drawing thread; what it raises of Pillow's becomes one of ours."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(_pool(), job)
        except OSError as error:
            raise UpstreamBroken(
                f"The sandbox could not read or write an image: {error}"
            ) from error


__all__ = ["SandboxProvider"]
