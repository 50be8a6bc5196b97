"""The provider contract: every registered adapter keeps what the port promises.

An adapter is found through the registry. What it needs to run, its upstream, is made by the
function of its name in :mod:`tests.contracts.upstreams`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from darkroom.assets import Spool
from darkroom.catalog import Catalog, plan
from darkroom.core.capability import ModelSpec
from darkroom.core.errors import DarkroomError, ModerationBlocked, UpstreamError
from darkroom.core.ids import new_id
from darkroom.core.ports import ImageWriter, InputFile, Provider, UpstreamCall
from darkroom.core.request import ImageRequest, InputImage, Operation
from darkroom.core.result import SpooledImage
from darkroom.core.size import Size
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.providers.registry import provider_class, provider_names
from tests.contracts.upstreams import UPSTREAMS, Upstream
from tests.fakes.pictures import Look, picture
from tests.support.pictures import size_of

CATALOG = Catalog.load()


@dataclass
class Sink:
    spool: Spool
    partials: list[tuple[int, SpooledImage]] = field(default_factory=list)  # type: ignore[type-arg]

    def writer(self) -> ImageWriter:
        return self.spool.result()

    async def partial(self, index: int, image: SpooledImage) -> None:
        self.partials.append((index, image))


@dataclass
class Bench:
    provider: Provider
    upstream: Upstream
    sink: Sink
    folder: Path

    @property
    def model(self) -> ModelSpec:
        model = CATALOG.get(self.upstream.model)
        assert model is not None
        return self.provider.spec(model)

    def call(self, prompt: str = "a red bicycle", **changes: object) -> UpstreamCall:
        model = self.model
        asked = ImageRequest(
            Operation.GENERATION,
            model.id,
            prompt,
            size="1024x1024",
            output_format=model.formats[0],
        )
        request = plan(replace(asked, **changes), model).request  # type: ignore[arg-type]
        inputs = tuple(self._file(index) for index in range(len(request.inputs)))
        name = self.upstream.deployment.models.get(model.id, model.id)
        return UpstreamCall(new_id(), 1, request, model, name, timeout_s=10, inputs=inputs)

    def _file(self, index: int) -> InputFile:
        path = self.folder / f"input-{index}.png"
        path.write_bytes(picture("png", Look(256, 256, (index, 80, 90))))
        return InputFile(path, "image/png", 256, 256, path.stat().st_size)


@pytest.fixture(params=sorted({*provider_names(), *UPSTREAMS}))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    name = request.param
    assert name in UPSTREAMS, f"add an upstream for '{name}' to tests/contracts/upstreams.py"
    async with AsyncExitStack() as stack:
        egress = HttpEgress(PublicFetcher(AddressGuard()))
        stack.push_async_callback(egress.close)
        upstream = stack.enter_context(UPSTREAMS[name]())
        kind = provider_class(upstream.deployment.provider)
        provider = kind(upstream.deployment, egress, **upstream.options)
        yield Bench(provider, upstream, Sink(Spool(tmp_path / "spool")), tmp_path)


def test_an_adapter_names_itself_as_it_is_registered(bench: Bench) -> None:
    kind = type(bench.provider)
    assert kind is provider_class(kind.name)
    assert isinstance(kind.vendor, str)
    assert isinstance(kind.resend_safe, bool)
    listed = bench.upstream.deployment.models
    assert listed or any(bench.provider.serves(model) for model in CATALOG.models)


@pytest.mark.parametrize("n", [1, 2, 3])
async def test_a_generation_gives_the_images_that_were_asked_for(bench: Bench, n: int) -> None:
    formats, n = bench.model.formats, min(n, bench.model.max_n)
    call = bench.call(n=n, output_format=formats[(n - 1) % len(formats)], quality="low")
    result = await bench.provider.run(call, bench.sink)
    assert [size_of(image.path) for image in result.images] == [Size(1024, 1024)] * n
    for image in result.images:
        assert image.path.stat().st_size == image.byte_size
    assert (result.usage is not None) is bench.upstream.counts_tokens
    if result.usage is not None:
        assert result.usage.image_out > 0
        assert result.usage.text_in > 0


async def test_an_edit_counts_its_input_images(bench: Bench) -> None:
    if "edit" not in bench.model.operations:
        pytest.skip("the endpoint makes no edits")
    stand_in = InputImage("a", "b", "image/png", 256, 256, 1)
    call = bench.call(operation=Operation.EDIT, inputs=(stand_in, stand_in), quality="low")
    result = await bench.provider.run(call, bench.sink)
    assert len(result.images) == 1
    if result.usage is not None:
        assert result.usage.image_in > 0


async def test_partial_images_come_in_order_before_the_result(bench: Bench) -> None:
    count = min(2, bench.model.max_partial_images)
    call = bench.call(partial_images=count, quality="low")
    result = await bench.provider.run(call, bench.sink)
    assert [index for index, _ in bench.sink.partials] == list(range(count))
    assert len(result.images) == 1


async def test_a_refusal_is_its_own_outcome(bench: Bench) -> None:
    with pytest.raises(ModerationBlocked) as caught:
        await bench.provider.run(bench.call(bench.upstream.refused), bench.sink)
    assert caught.value.details["stage"] in ("input", "output", "unknown")


async def test_a_server_error_is_the_vendors(bench: Bench) -> None:
    with pytest.raises(UpstreamError):
        await bench.provider.run(bench.call(bench.upstream.fails), bench.sink)


async def test_a_broken_answer_leaves_no_file(bench: Bench) -> None:
    with pytest.raises(DarkroomError):
        await bench.provider.run(bench.call(bench.upstream.breaks_off), bench.sink)
    assert list((bench.folder / "spool").iterdir()) == []


async def test_a_canceled_call_ends_and_leaves_no_file(bench: Bench) -> None:
    task = asyncio.create_task(bench.provider.run(bench.call(bench.upstream.hangs), bench.sink))
    await bench.upstream.until_called()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list((bench.folder / "spool").iterdir()) == []
