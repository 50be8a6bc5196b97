"""The Apiframe adapter against the fake vendor: parameters by family, uploads, polling, keys."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import Billing
from darkroom.core.secret import Secret
from darkroom.core.size import Size
from darkroom.egress import HttpEgress
from darkroom.providers.apiframe import ApiframeProvider
from tests.fakes.apiframe_vendor import ApiframeVendor
from tests.fakes.openai_faults import Fault
from tests.providers.conftest import MakeCaller
from tests.support.calls import CANARY, FAST, MODELS, Caller, sizes


@pytest.fixture
def vendor() -> Iterator[ApiframeVendor]:
    with ApiframeVendor(keys=frozenset({CANARY})) as server:
        yield server


@pytest.fixture
def deployment(vendor: ApiframeVendor) -> Deployment:
    return Deployment("relay", "apiframe", vendor.base_url, Secret(CANARY))


@pytest.fixture
def apiframe(deployment: Deployment, make_caller: MakeCaller) -> Caller:
    return make_caller(deployment, "gpt-image-1.5", paced=True)


# What goes out ---------------------------------------------------------------------------------

BODIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "gpt-image-1.5",
        {"size": "1024x1536", "quality": "low", "background": "transparent", "n": 2},
        {
            "model": "gpt-image-1.5",
            "gptImageParams": {
                "aspect_ratio": "2:3",
                "quality": "low",
                "background": "transparent",
                "output_format": "png",
                "number_of_images": 2,
            },
        },
    ),
    (
        "gpt-image-2",
        {"moderation": "low", "output_format": "jpeg"},
        {
            "model": "gpt-image-2",
            "gptImage2Params": {
                "moderation": "low",
                "output_format": "jpeg",
                "number_of_images": 1,
            },
        },
    ),
    (
        "gemini-3-pro-image",
        {"size": "4096x4096", "output_format": "jpeg"},
        {
            "model": "nano-banana-pro",
            "nanoBananaParams": {
                "aspect_ratio": "1:1",
                "resolution": "4K",
                "output_format": "jpg",
            },
        },
    ),
    (
        "flux-2-pro",
        {"size": "1024x768", "seed": 7, "output_format": "jpeg"},
        {
            "model": "flux-2-pro",
            "fluxParams": {"width": 1024, "height": 768, "seed": 7, "output_format": "jpg"},
        },
    ),
]


@pytest.mark.parametrize(("model", "asked", "sent"), BODIES)
async def test_each_family_has_its_own_parameters(
    deployment: Deployment,
    vendor: ApiframeVendor,
    make_caller: MakeCaller,
    model: str,
    asked: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    caller = make_caller(deployment, model, paced=True)
    result = await caller.run(**asked)
    assert vendor.received[0].json == {"prompt": "a cat", **sent}
    assert vendor.received[0].headers["x-api-key"] == CANARY
    assert len(result.images) == asked.get("n", 1)


async def test_a_job_is_submitted_polled_and_fetched(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    result = await apiframe.run(size="1536x1024")
    paths = [each.path for each in vendor.received]
    assert paths[:4] == ["/v2/images/generate", *[f"/v2/jobs/{result.upstream_id}"] * 3]
    assert sizes(result) == [Size(1536, 1024)]
    fetched = vendor.received[4]
    assert "x-api-key" not in fetched.headers


async def test_input_images_are_uploaded_first(apiframe: Caller, vendor: ApiframeVendor) -> None:
    await apiframe.run(files=2, input_fidelity="high")
    first, second, submit = vendor.received[:3]
    assert {first.path, second.path} == {"/v2/uploads"}
    params = submit.json["gptImageParams"]
    assert params["input_images"] == vendor.uploads
    assert params["input_fidelity"] == "high"


def test_what_a_model_lacks_there_is_not_offered(apiframe: Caller) -> None:
    offered = apiframe.spec
    assert (offered.mask, offered.compression, offered.max_partial_images) == (False, False, 0)
    assert offered.max_prompt_chars == 2_000
    newer, flux = MODELS.get("gpt-image-2"), MODELS.get("flux-2-pro")
    assert newer is not None
    assert flux is not None
    newer, flux = apiframe.provider.spec(newer), apiframe.provider.spec(flux)
    assert not newer.sizes.allows(Size(1792, 1024))
    assert newer.sizes.allows(Size(1536, 1024))
    assert "transparent" not in newer.backgrounds
    assert flux.seed
    assert not flux.sizes.allows(Size(64, 64))
    assert not flux.sizes.allows(Size(2304, 1024))


async def test_a_model_that_it_cannot_be_asked_for_is_the_operators_to_mend(
    deployment: Deployment, make_caller: MakeCaller
) -> None:
    listed = replace(deployment, models={"dall-e-3": "dall-e-3"})
    error = await make_caller(listed, "dall-e-3", paced=True).fails()
    assert type(error) is errors.UpstreamDenied
    assert "gpt-image-1.5" in error.message


# How it ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.MODERATION_BLOCKED, errors.ModerationBlocked),
        (Fault.ERROR_200, errors.UpstreamFailed),
        (Fault.RATE_LIMITED, errors.UpstreamRateLimited),
        (Fault.INSUFFICIENT_QUOTA, errors.UpstreamDenied),
        (Fault.SERVER_ERROR, errors.UpstreamFailed),
        (Fault.OVERLOADED, errors.UpstreamFailed),
        (Fault.TRUNCATED_JSON, errors.UpstreamBroken),
        (Fault.RESET, errors.UpstreamBroken),
        (Fault.CUT_BODY, errors.UpstreamBroken),
    ],
)
async def test_failures_are_told_apart(
    apiframe: Caller, vendor: ApiframeVendor, fault: Fault, kind: type[errors.DarkroomError]
) -> None:
    vendor.always(fault, retry_after="7")
    error = await apiframe.fails()
    assert type(error) is kind
    assert error.retry_after_s == (7 if fault is Fault.RATE_LIMITED else None)


@pytest.mark.parametrize("status", ["CANCELLED", "CANCELED"])
async def test_a_canceled_job_has_failed(
    apiframe: Caller, vendor: ApiframeVendor, status: str
) -> None:
    vendor.done = {"status": status}
    assert type(await apiframe.fails()) is errors.UpstreamFailed


async def test_polls_that_fail_are_borne(apiframe: Caller, vendor: ApiframeVendor) -> None:
    vendor.polls = (429, {"status": "QUEUED"}, 503, {"status": "WARMING"}, 500)
    assert len((await apiframe.run()).images) == 1


async def test_a_job_that_never_ends_ends_with_the_time(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    vendor.next(Fault.HANG)
    with pytest.raises(errors.UpstreamTimeout):
        await apiframe.provider.run(replace(apiframe.call(), timeout_s=0.2), apiframe.sink)


async def test_a_bare_address_as_the_result_is_understood(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    first = await apiframe.run()
    vendor.done = {"result": f"{vendor.base_url}/images/{first.upstream_id}-1.png"}
    assert len((await apiframe.run(job="another")).images) == 1


async def test_images_of_which_some_are_lost_come_with_a_warning(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    vendor.next(Fault.NULL_IMAGE)
    result = await apiframe.run(n=2)
    assert len(result.images) == 1
    assert [each.code for each in result.warnings] == ["image_unusable"]


async def test_an_upload_that_fails_bought_nothing(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    vendor.next(Fault.RESET, path="/uploads")
    error = await apiframe.fails(files=1)
    assert type(error) is errors.UpstreamFailed
    assert error.billing is Billing.NO


# Resending -------------------------------------------------------------------------------------


async def test_an_attempt_that_was_cut_off_is_collected_and_not_bought_again(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    vendor.next(Fault.RESET)
    assert type(await apiframe.fails()) is errors.UpstreamBroken
    first = await apiframe.run(attempt=2)
    again = await apiframe.run(attempt=3)
    assert first.upstream_id == again.upstream_id
    assert len(vendor.jobs) == 1


async def test_after_a_failed_job_the_next_attempt_is_a_new_one(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    vendor.next(Fault.ERROR_200)
    await apiframe.fails()
    result = await apiframe.run(attempt=2)
    assert len(result.images) == 1
    assert len(vendor.jobs) == 2


async def test_an_edit_is_collected_too_because_its_images_are_uploaded_once(
    apiframe: Caller, vendor: ApiframeVendor
) -> None:
    vendor.next(Fault.RESET)
    await apiframe.fails(files=1)
    assert len((await apiframe.run(files=1, attempt=2)).images) == 1
    assert (len(vendor.jobs), len(vendor.uploads)) == (1, 1)


async def test_after_a_restart_an_edit_cannot_be_collected_but_is_not_bought_again(
    apiframe: Caller, vendor: ApiframeVendor, deployment: Deployment, make_caller: MakeCaller
) -> None:
    vendor.next(Fault.RESET)
    await apiframe.fails(files=1)
    restarted = make_caller(deployment, "gpt-image-1.5", paced=True)
    error = await restarted.fails(files=1, attempt=2)
    assert type(error) is errors.ResultLost
    assert len(vendor.jobs) == 1


async def test_only_the_latest_uploads_are_remembered(
    apiframe: Caller, vendor: ApiframeVendor, deployment: Deployment, open_egress: HttpEgress
) -> None:
    apiframe.provider = ApiframeProvider(deployment, open_egress, pace=FAST, remembered_max=1)
    for job in ("first", "second", "second"):
        await apiframe.run(job=job, files=1)
    assert len(vendor.uploads) == 2
    with pytest.raises(errors.ResultLost):
        await apiframe.run(job="first", files=1)


# Money and the key -----------------------------------------------------------------------------


async def test_credits_become_a_cost_where_their_price_is_known(
    apiframe: Caller, deployment: Deployment, make_caller: MakeCaller
) -> None:
    assert (await apiframe.run()).cost_nanos is None
    priced = replace(deployment, options={"credits_per_dollar": "200"})
    caller = make_caller(priced, "gpt-image-1.5", paced=True)
    assert (await caller.run(job="another", n=2)).cost_nanos == 90_000_000


async def test_the_check_tells_what_is_left(
    apiframe: Caller, deployment: Deployment, make_caller: MakeCaller
) -> None:
    (finding,) = await apiframe.provider.check()
    assert (finding.ok, "1200 credits" in finding.what) == (True, True)
    wrong = replace(deployment, api_key=Secret("wrong"))
    (finding,) = await make_caller(wrong, "gpt-image-1.5").provider.check()
    assert (finding.ok, "Invalid API key" in finding.what) == (False, True)
