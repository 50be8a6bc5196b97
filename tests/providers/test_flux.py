"""The FLUX adapter against the fake API: submit, poll, fetch, and every way that can end."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import Billing, DarkroomError, ModerationBlocked, UpstreamBroken
from darkroom.core.ports import Finding
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.result import ProviderResult
from darkroom.core.secret import Secret
from darkroom.core.size import Size
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.providers._polling import Pace
from darkroom.providers.flux import FluxProvider
from tests.fakes.bfl_vendor import PENDING, BFLVendor
from tests.fakes.openai_faults import Fault
from tests.support.pictures import size_of
from tests.support.spooled import FolderSink
from tests.support.upstreams import CANARY, MODELS, Bound, details_of, input_file

KEY = f"bfl-{CANARY}"
REQUEST = ImageRequest(Operation.GENERATION, "flux-2-pro", "a cat", size="1024x768")


@pytest.fixture
async def egress() -> AsyncIterator[HttpEgress]:
    opened = HttpEgress(PublicFetcher(AddressGuard()))
    yield opened
    await opened.close()


@pytest.fixture
def vendor() -> Any:
    with BFLVendor() as server:
        yield server


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def flux(vendor: BFLVendor, egress: HttpEgress, clock: Clock, tmp_path: Path) -> Bound:
    deployment = Deployment("main", "flux", vendor.base_url, Secret(KEY), timeout_s=5)
    pace = Pace(sleep=clock.sleep, clock=lambda: clock.now)
    provider = FluxProvider(deployment, egress, pace=pace)
    return Bound(provider, REQUEST, FolderSink(tmp_path / "spool"))


# What goes out ----------------------------------------------------------------------------------


async def test_a_task_is_submitted_polled_and_fetched(flux: Bound, vendor: BFLVendor) -> None:
    result = await flux.run(seed=7, output_format="jpeg")
    submit, first, second, fetched = vendor.received
    assert (submit.method, submit.path) == ("POST", "/v1/flux-2-pro")
    assert submit.json == {
        "prompt": "a cat",
        "width": 1024,
        "height": 768,
        "seed": 7,
        "output_format": "jpeg",
    }
    assert [submit.headers["x-key"], first.headers["x-key"]] == [KEY, KEY]
    assert (
        (first.path, first.query) == (second.path, second.query) == ("/v1/get_result", "id=task-1")
    )
    assert "x-key" not in fetched.headers
    [image] = result.images
    assert size_of(image.path) == Size(1024, 768)
    assert image.path.read_bytes().startswith(b"\xff\xd8\xff")
    assert (result.upstream_id, result.usage) == ("task-1", None)


async def test_what_is_left_to_the_model_is_not_said(flux: Bound, vendor: BFLVendor) -> None:
    await flux.run(size="auto")
    assert vendor.received[0].json == {"prompt": "a cat", "output_format": "png"}


async def test_input_images_are_numbered(flux: Bound, vendor: BFLVendor, tmp_path: Path) -> None:
    inputs = tuple(input_file(tmp_path, kind) for kind in ("png", "jpeg", "webp"))
    await flux.run(inputs)
    sent = vendor.received[0].json
    for name, file in zip(("input_image", "input_image_2", "input_image_3"), inputs, strict=True):
        assert base64.b64decode(sent[name]) == file.path.read_bytes()


async def test_several_images_are_as_many_tasks_with_seeds_of_their_own(
    flux: Bound, vendor: BFLVendor
) -> None:
    result = await flux.run(n=3, seed=7)
    seeds = [each.json["seed"] for each in vendor.received if each.method == "POST"]
    assert sorted(seeds) == [7, 8, 9]
    assert len({image.sha256 for image in result.images}) == 3
    assert result.cost_nanos == 3 * 30_000_000


def test_what_the_api_has_no_field_for_is_taken_away() -> None:
    provider: Any = FluxProvider(Deployment("d", "flux"), egress=None)  # type: ignore[arg-type]
    gpt = MODELS.get("gpt-image-1.5")
    spec = provider.spec(gpt)
    assert (spec.mask, spec.stream, spec.compression, spec.seed) == (False, False, False, True)
    assert (spec.qualities, spec.fidelities, spec.moderations) == ((), (), ())
    assert "transparent" not in spec.backgrounds
    fluxes = [model for model in MODELS.models if "bfl" in model.vendors]
    assert [model for model in fluxes if provider.spec(model) != model] == []
    assert not provider.serves(gpt)
    assert not provider.serves(MODELS.get("flux-2-dev"))


# What comes back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "nanos"),
    [
        (4.5, 45_000_000),
        (3, 30_000_000),
        (1.1, 11_000_000),
        (0.12345678901, 1_234_568),
        (0, 0),
        (None, None),
        (True, None),
        (-1, None),
        (1e300, None),
        ("much", None),
    ],
)
async def test_credits_become_money(
    flux: Bound, vendor: BFLVendor, cost: Any, nanos: int | None
) -> None:
    vendor.submitted = {"cost": cost}
    assert (await flux.run()).cost_nanos == nanos


async def test_a_prompt_that_was_rewritten_is_told(flux: Bound, vendor: BFLVendor) -> None:
    assert (await flux.run()).output.revised_prompts == ()
    vendor.result = {"prompt": "a fat cat"}
    assert (await flux.run()).output.revised_prompts == ("a fat cat",)


async def test_states_that_are_not_known_yet_go_on(flux: Bound, vendor: BFLVendor) -> None:
    vendor.polls = [PENDING, {"status": "Reasoning"}, {"status": "Generating"}, {"status": "New"}]
    assert len((await flux.run()).images) == 1


async def test_trouble_with_polls_does_not_lose_the_image(flux: Bound, vendor: BFLVendor) -> None:
    vendor.polls = [503, 500, 404, 429, 403, PENDING, 502]
    assert len((await run_a_minute(flux)).images) == 1


async def run_a_minute(flux: Bound) -> ProviderResult:
    return await flux.provider.run(replace(flux.call(), timeout_s=60), flux.sink)


async def test_without_a_polling_url_the_id_is_asked_for(flux: Bound, vendor: BFLVendor) -> None:
    vendor.submitted = {"polling_url": ...}
    assert len((await flux.run()).images) == 1
    assert vendor.received[1].query == "id=task-1"


# What goes wrong --------------------------------------------------------------------------------


async def test_the_key_goes_to_no_other_host(
    flux: Bound, vendor: BFLVendor, egress: HttpEgress
) -> None:
    with BFLVendor("thief") as thief:
        vendor.submitted = {"polling_url": f"{thief.base_url}/v1/get_result?id=task-1"}
        with pytest.raises(UpstreamBroken, match="another host") as caught:
            await run_a_minute(flux)
        assert thief.received == []
    assert caught.value.details == {"upstream_id": "task-1"}


@pytest.mark.parametrize("stage", ["input", "output"])
async def test_a_moderated_task_is_a_refusal(flux: Bound, vendor: BFLVendor, stage: str) -> None:
    vendor.next(Fault.MODERATION_BLOCKED, stage=stage, categories=("Protected Content",))
    error = await flux.fails()
    assert isinstance(error, ModerationBlocked)
    assert details_of(error) == {"stage": stage, "categories": ["Protected Content"]}
    assert "(Protected Content)" in error.message
    assert error.billing is Billing.NO


@pytest.mark.parametrize(
    ("fault", "stage"), [(Fault.CONTENT_POLICY, "unknown"), (Fault.CONTENT_FILTER, "input")]
)
async def test_a_policy_told_as_an_error_is_a_refusal_too(
    flux: Bound, vendor: BFLVendor, fault: Fault, stage: str
) -> None:
    vendor.next(fault)
    error = await flux.fails()
    assert isinstance(error, ModerationBlocked)
    assert details_of(error) == {"stage": stage, "categories": []}


async def test_a_task_that_failed_is_not_billed(flux: Bound, vendor: BFLVendor) -> None:
    vendor.next(Fault.ERROR_200)
    error = await flux.fails()
    assert (type(error), error.billing) == (errors.UpstreamFailed, Billing.NO)
    assert error.message == "main could not make the image: CUDA out of memory"
    assert error.details == {"upstream_id": "task-1"}


async def test_a_task_that_does_not_end_may_be_billed(flux: Bound, vendor: BFLVendor) -> None:
    vendor.next(Fault.HANG)
    error = await flux.fails()
    assert (type(error), error.billing) == (errors.UpstreamTimeout, Billing.UNKNOWN)
    assert "Task task-1 at main had not ended" in error.message
    assert "'Pending'" in error.message


@pytest.mark.parametrize(
    "fault", [Fault.CUT_BODY, Fault.RESET_MID_BODY, Fault.NULL_IMAGE, Fault.MISSING_DATA]
)
async def test_an_image_that_cannot_be_fetched_may_be_billed(
    flux: Bound, vendor: BFLVendor, fault: Fault
) -> None:
    vendor.next(fault)
    error = await flux.fails()
    assert (type(error), error.billing) == (UpstreamBroken, Billing.UNKNOWN)
    assert error.details == {"upstream_id": "task-1"}


@pytest.mark.parametrize("fault", [Fault.TRUNCATED_JSON, Fault.INVALID_JSON])
async def test_a_submit_that_cannot_be_read_may_be_billed(
    flux: Bound, vendor: BFLVendor, fault: Fault
) -> None:
    vendor.next(fault)
    error = await flux.fails()
    assert (type(error), error.billing) == (UpstreamBroken, Billing.UNKNOWN)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.RATE_LIMITED, errors.UpstreamRateLimited),
        (Fault.INSUFFICIENT_QUOTA, errors.UpstreamDenied),
        (Fault.INVALID_API_KEY, errors.UpstreamDenied),
        (Fault.INVALID_REQUEST, errors.UpstreamRejected),
        (Fault.SERVER_ERROR, errors.UpstreamFailed),
        (Fault.OVERLOADED, errors.UpstreamFailed),
        (Fault.GATEWAY_TIMEOUT, errors.UpstreamTimeout),
    ],
)
async def test_errors_of_the_submit_are_told_apart(
    flux: Bound, vendor: BFLVendor, fault: Fault, kind: type[DarkroomError]
) -> None:
    vendor.next(fault, retry_after="5")
    error = await flux.fails()
    assert type(error) is kind
    assert error.retry_after_s == (5 if fault is Fault.RATE_LIMITED else None)


@pytest.mark.parametrize(
    ("changes", "param"),
    [({"size": "1000x1000"}, "size"), ({"output_format": "gif"}, None)],
)
async def test_a_rejected_field_goes_by_our_name(
    flux: Bound, changes: dict[str, Any], param: str | None
) -> None:
    error = await flux.fails(**changes)
    assert isinstance(error, errors.UpstreamRejected)
    assert error.param == param


async def test_an_image_refused_among_several_is_a_warning(flux: Bound, vendor: BFLVendor) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    result = await flux.run(n=3)
    assert len(result.images) == 2
    assert [note.code for note in result.warnings] == ["image_refused"]
    assert result.cost_nanos == 60_000_000


# Checks -----------------------------------------------------------------------------------------


async def checked(flux: Bound) -> Finding:
    [finding] = await flux.provider.check()
    return finding


async def test_a_check_tells_the_credits(flux: Bound, vendor: BFLVendor) -> None:
    assert await checked(flux) == Finding(True, "The key is accepted; 1234.5 credits are left.")
    assert vendor.received[0].headers["x-key"] == KEY
    vendor.keys = frozenset({"another"})
    denied = await checked(flux)
    assert (denied.ok, denied.advice) == (False, "Check the key.")
