"""The EvoLink adapter against the fake vendor: uploads, polling to every end, credits, files."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.errors import Billing
from darkroom.core.secret import Secret
from darkroom.core.size import Size
from darkroom.providers.evolink import EvoLinkProvider
from tests.fakes.evolink_vendor import PENDING, EvoLinkVendor
from tests.fakes.openai_faults import Fault
from tests.providers.conftest import MakeCaller
from tests.support.calls import CANARY, MODELS, Caller, sizes


@pytest.fixture
def vendor() -> Iterator[EvoLinkVendor]:
    with EvoLinkVendor(keys=frozenset({CANARY})) as server:
        yield server


@pytest.fixture
def deployment(vendor: EvoLinkVendor) -> Deployment:
    return Deployment("relay", "evolink", vendor.base_url, Secret(CANARY))


@pytest.fixture
def evolink(deployment: Deployment, make_caller: MakeCaller) -> Caller:
    return make_caller(deployment, "gpt-image-1.5", paced=True)


# What goes out ---------------------------------------------------------------------------------


async def test_a_task_is_submitted_polled_and_fetched(
    evolink: Caller, vendor: EvoLinkVendor
) -> None:
    result = await evolink.run(n=2, size="1024x1536", quality="low")
    submit, *polls = [each for each in vendor.received if not each.path.startswith("/files/")]
    fetched = [each for each in vendor.received if each.path.startswith("/files/")]
    assert submit.json == {
        "model": "gpt-image-1.5",
        "prompt": "a cat",
        "n": 2,
        "size": "1024x1536",
        "quality": "low",
    }
    assert {each.path for each in polls} == {f"/v1/tasks/{result.upstream_id}"}
    assert len(polls) == 3
    assert sizes(result) == [Size(1024, 1536)] * 2
    for sent in (submit, *polls):
        assert sent.headers["authorization"] == f"Bearer {CANARY}"
    for sent in fetched:
        assert "authorization" not in sent.headers


async def test_input_images_are_uploaded_first(evolink: Caller, vendor: EvoLinkVendor) -> None:
    result = await evolink.run(files=2)
    first, second, submit = vendor.received[:3]
    assert {first.path, second.path} == {"/api/v1/files/upload/base64"}
    assert submit.json["image_urls"] == [f"{vendor.base_url}/files/{name}" for name in vendor.files]
    assert len(result.images) == 1


async def test_files_go_where_the_operator_says(
    deployment: Deployment, vendor: EvoLinkVendor, make_caller: MakeCaller
) -> None:
    with EvoLinkVendor("files", keys=frozenset({CANARY})) as store:
        options = {"files_url": store.base_url}
        caller = make_caller(replace(deployment, options=options), "gpt-image-1.5", paced=True)
        error = await caller.fails(files=1)  # the vendor cannot fetch it from there
        assert type(error) is errors.UpstreamRejected
        assert len(store.files) == 1
        assert not vendor.files


@pytest.mark.parametrize(
    ("base_url", "files"),
    [
        ("https://api.evolink.ai", "https://files-api.evolink.ai"),
        ("https://api.evolink.ai/v1/", "https://files-api.evolink.ai"),
        ("https://own.example/evolink", "https://own.example/evolink"),
    ],
)
async def test_files_never_leave_for_evolink_from_another_relay(
    evolink: Caller, base_url: str, files: str
) -> None:
    asked: list[str] = []

    class Egress:
        async def post_json(self, deployment: Deployment, path: str, *_: Any) -> Any:
            asked.append(deployment.base_url + path)
            raise errors.UpstreamUnavailable("no network")

    egress: Any = Egress()
    there = Deployment("relay", "evolink", base_url, Secret(CANARY))
    evolink.provider = EvoLinkProvider(there, egress)
    await evolink.fails(files=1)
    assert asked == [f"{files}/api/v1/files/upload/base64"]


async def test_googles_models_are_asked_for_by_ratio_and_tier(
    deployment: Deployment, vendor: EvoLinkVendor, make_caller: MakeCaller
) -> None:
    caller = make_caller(deployment, "gemini-3-pro-image", paced=True)
    await caller.run(size="2752x1536")
    assert vendor.received[0].json == {
        "model": "gemini-3-pro-image-preview",
        "prompt": "a cat",
        "n": 1,
        "size": "16:9",
        "quality": "2K",
    }


def test_what_cannot_be_said_is_not_offered(evolink: Caller) -> None:
    offered = evolink.spec
    assert offered.formats == ("png",)
    assert "transparent" not in offered.backgrounds
    assert (offered.mask, offered.seed, offered.compression) == (False, False, False)
    assert (offered.fidelities, offered.moderations, offered.max_partial_images) == ((), (), 0)
    assert offered.qualities == ("low", "medium", "high")
    served = {model.id for model in MODELS.models if evolink.provider.serves(model)}
    assert {"gpt-image-1.5", "gpt-image-2", "gemini-3-pro-image"} <= served
    assert "flux-2-pro" not in served


# How it ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["completed", "succeed", "SUCCESS", "done"])
async def test_every_word_for_done_is_understood(
    evolink: Caller, vendor: EvoLinkVendor, word: str
) -> None:
    vendor.done = {"status": word}
    assert len((await evolink.run()).images) == 1


async def test_a_task_that_is_done_at_once_is_not_polled(
    evolink: Caller, vendor: EvoLinkVendor
) -> None:
    url = f"{vendor.base_url}/files/task-unified-1757156493-00000001_0.png"
    vendor.submitted = {"status": "completed", "results": [url]}
    assert len((await evolink.run()).images) == 1
    assert len(vendor.received) == 2


async def test_an_answer_that_names_no_task_may_have_been_billed(
    evolink: Caller, vendor: EvoLinkVendor
) -> None:
    vendor.submitted = {"id": ""}
    assert (await evolink.fails()).billing is Billing.UNKNOWN
    vendor.submitted = {"id": "", "task_id": "task-unified-1757156493-00000002"}
    assert len((await evolink.run()).images) == 1


@pytest.mark.parametrize("word", ["failed", "cancelled", "canceled", "error"])
async def test_every_word_for_failed_is_understood(
    evolink: Caller, vendor: EvoLinkVendor, word: str
) -> None:
    vendor.done = {"status": word}
    assert type(await evolink.fails()) is errors.UpstreamFailed


@pytest.mark.parametrize(
    "results",
    [
        {"results": [{"url": "{url}"}]},
        {"results": ..., "result_data": [{"image_url": "{url}"}]},
        {"results": "{url}"},
    ],
)
async def test_images_are_found_where_its_tools_find_them(
    evolink: Caller, vendor: EvoLinkVendor, results: dict[str, Any]
) -> None:
    url = f"{vendor.base_url}/files/task-unified-1757156493-00000001_0.png"
    vendor.done = {
        name: value if value is ... else _filled(value, url) for name, value in results.items()
    }
    assert len((await evolink.run()).images) == 1


def _filled(value: Any, url: str) -> Any:
    if isinstance(value, list):
        return [_filled(each, url) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, url) for name, each in value.items()}
    return url


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.MODERATION_BLOCKED, errors.ModerationBlocked),
        (Fault.CONTENT_FILTER, errors.ModerationBlocked),
        (Fault.INVALID_REQUEST, errors.UpstreamRejected),
        (Fault.ERROR_200, errors.UpstreamFailed),
        (Fault.OVERLOADED, errors.UpstreamRateLimited),
        (Fault.INSUFFICIENT_QUOTA, errors.UpstreamDenied),
        (Fault.CONFLICT, errors.UpstreamFailed),
        (Fault.RATE_LIMITED, errors.UpstreamRateLimited),
        (Fault.BILLING_HARD_LIMIT, errors.UpstreamDenied),
        (Fault.SERVER_ERROR, errors.UpstreamFailed),
        (Fault.BAD_GATEWAY, errors.UpstreamFailed),
        (Fault.TRUNCATED_JSON, errors.UpstreamBroken),
        (Fault.RESET, errors.UpstreamBroken),
    ],
)
async def test_failures_are_told_apart(
    evolink: Caller, vendor: EvoLinkVendor, fault: Fault, kind: type[errors.DarkroomError]
) -> None:
    vendor.next(fault, retry_after="7")
    error = await evolink.fails()
    assert type(error) is kind
    assert error.retry_after_s == (7 if fault is Fault.RATE_LIMITED else None)


async def test_polls_that_fail_are_borne(evolink: Caller, vendor: EvoLinkVendor) -> None:
    vendor.polls = (429, PENDING, 503, {"status": "reticulating"}, 500)
    assert len((await evolink.run()).images) == 1


async def test_a_task_that_never_ends_ends_with_the_time(
    evolink: Caller, vendor: EvoLinkVendor
) -> None:
    vendor.next(Fault.HANG)
    call = replace(evolink.call(), timeout_s=0.2)
    with pytest.raises(errors.UpstreamTimeout) as caught:
        await evolink.provider.run(call, evolink.sink)
    assert caught.value.details["upstream_id"].startswith("task-unified-")


@pytest.mark.parametrize("results", [[], None, ["not a url"], [7]])
async def test_a_finished_task_without_usable_images_may_have_been_billed(
    evolink: Caller, vendor: EvoLinkVendor, results: Any
) -> None:
    vendor.done = {"results": results}
    error = await evolink.fails()
    assert type(error) is errors.UpstreamBroken
    assert error.billing is Billing.UNKNOWN


async def test_images_of_which_some_are_lost_come_with_a_warning(
    evolink: Caller, vendor: EvoLinkVendor
) -> None:
    vendor.next(Fault.NULL_IMAGE)
    result = await evolink.run(n=3)
    assert len(result.images) == 2
    assert [each.code for each in result.warnings] == ["image_unusable"]
    assert len(evolink.sink.left) == 2


async def test_an_upload_that_fails_bought_nothing(evolink: Caller, vendor: EvoLinkVendor) -> None:
    vendor.next(Fault.RESET, path="/upload/base64")
    error = await evolink.fails(files=1)
    assert type(error) is errors.UpstreamFailed
    assert error.billing is Billing.NO
    vendor.next(Fault.RATE_LIMITED, path="/upload/base64", retry_after="3")
    assert (await evolink.fails(files=1)).retry_after_s == 3


async def test_canceling_closes_the_connection(evolink: Caller, vendor: EvoLinkVendor) -> None:
    vendor.next(Fault.HEADER_THEN_HANG)
    task = asyncio.create_task(evolink.run())
    await vendor.wait_received(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await vendor.wait_hung_up(1)


# Money and the key -----------------------------------------------------------------------------


async def test_credits_become_a_cost(
    deployment: Deployment, vendor: EvoLinkVendor, make_caller: MakeCaller
) -> None:
    caller = make_caller(deployment, "gpt-image-1.5", paced=True)
    assert (await caller.run()).cost_nanos == 36_764_706  # 2.5 credits reserved
    vendor.done = {"usage": {"credits_used": 0.53268}}
    assert (await caller.run()).cost_nanos == 7_833_529
    other = replace(deployment, options={"credits_per_dollar": "100"})
    caller = make_caller(other, "gpt-image-1.5", paced=True)
    assert (await caller.run()).cost_nanos == 5_326_800


async def test_images_on_another_host_are_fetched_without_the_key(
    evolink: Caller, vendor: EvoLinkVendor
) -> None:
    with EvoLinkVendor("store") as store:
        store.tasks = vendor.tasks
        vendor.linked_to = store.base_url
        assert len((await evolink.run()).images) == 1
        (sent,) = store.received
        assert CANARY not in str(sent.headers)


async def test_the_check_tells_what_is_left(
    evolink: Caller, deployment: Deployment, make_caller: MakeCaller
) -> None:
    (finding,) = await evolink.provider.check()
    assert finding.ok
    assert "1095.3996 credits" in finding.what
    wrong = replace(deployment, api_key=Secret("wrong"))
    (finding,) = await make_caller(wrong, "gpt-image-1.5").provider.check()
    assert (finding.ok, finding.advice) == (False, "Check the key.")
