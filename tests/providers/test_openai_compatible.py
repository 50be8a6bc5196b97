"""Servers that speak OpenAI's API with differences: what each is sent, and what is read."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.secret import Secret
from darkroom.core.size import Size
from darkroom.core.usage import Usage
from darkroom.providers._profiles import PROFILES
from darkroom.providers.openai_compatible import OpenAICompatibleProvider
from tests.fakes.compatible_vendor import CompatibleVendor
from tests.fakes.openai_faults import Fault
from tests.providers.conftest import MakeCaller
from tests.support.calls import CANARY, MODELS, Caller, sizes

SERVED = {
    "generic": ("gpt-image-1.5", "images-v1"),
    "sglang": ("flux-2-dev", "flux"),
    "vllm_omni": ("flux-2-dev", "black-forest-labs/FLUX.2-dev"),
    "localai": ("flux-2-dev", "flux.2-dev"),
    "together": ("flux-2-pro", "black-forest-labs/FLUX.2-pro"),
    "xai": ("grok-imagine-image-2.0", "grok-imagine-image-2.0"),
    "openrouter": ("gpt-image-2", "openai/gpt-image-2"),
}
Connect = Callable[..., tuple[Caller, CompatibleVendor]]


@pytest.fixture
def connect(make_caller: MakeCaller) -> Iterator[Connect]:
    """The adapter with a profile, and the vendor of that name."""
    with ExitStack() as stack:

        def make(profile: str, **options: str) -> tuple[Caller, CompatibleVendor]:
            model, name = SERVED[profile]
            vendor = CompatibleVendor(profile, frozenset({name}), keys=frozenset({CANARY}))
            stack.enter_context(vendor)
            deployment = Deployment(
                "own",
                "openai_compatible",
                vendor.base_url,
                Secret(CANARY),
                models={model: name},
                options={"profile": profile, **options},
            )
            return make_caller(deployment, model), vendor

        yield make


def test_every_profile_is_tried_here() -> None:
    assert set(SERVED) == set(PROFILES)


def test_an_unknown_profile_names_the_known_ones() -> None:
    deployment = Deployment("own", "openai_compatible", options={"profile": "nobody"})
    egress: Any = None
    with pytest.raises(ValueError, match=r"no profile 'nobody'; known: generic, localai, open"):
        OpenAICompatibleProvider(deployment, egress)


def test_only_vendors_have_an_address_of_their_own() -> None:
    egress: Any = None
    for profile, found in PROFILES.items():
        deployment = Deployment("own", "openai_compatible", options={"profile": profile})
        if found.models:
            OpenAICompatibleProvider(deployment, egress)
            continue
        with pytest.raises(ValueError, match="needs a base_url"):
            OpenAICompatibleProvider(deployment, egress)


# What goes out ---------------------------------------------------------------------------------

GENERATIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("generic", {}, {}),
    (
        "generic",
        {"size": "1536x1024", "quality": "low", "background": "opaque", "output_format": "webp"},
        {"size": "1536x1024", "quality": "low", "background": "opaque", "output_format": "webp"},
    ),
    (
        "sglang",
        {"size": "768x1024", "seed": 7, "n": 2, "output_format": "webp"},
        {
            "size": "768x1024",
            "seed": 7,
            "n": 2,
            "output_format": "webp",
            "response_format": "b64_json",
        },
    ),
    (
        "vllm_omni",
        {"seed": 7, "output_format": "jpeg", "output_compression": 60},
        {
            "seed": 7,
            "output_format": "jpeg",
            "output_compression": 60,
            "response_format": "b64_json",
        },
    ),
    ("localai", {}, {"size": "1024x1024", "response_format": "b64_json"}),
    (
        "together",
        {"size": "1024x768", "seed": 7, "output_format": "jpeg"},
        {
            "width": 1024,
            "height": 768,
            "seed": 7,
            "output_format": "jpeg",
            "response_format": "base64",
        },
    ),
    (
        "xai",
        {"size": "1280x720", "quality": "low"},
        {
            "aspect_ratio": "16:9",
            "resolution": "1k",
            "quality": "low",
            "response_format": "b64_json",
        },
    ),
    (
        "xai",
        {"size": "2048x2048"},
        {"aspect_ratio": "1:1", "resolution": "2k", "response_format": "b64_json"},
    ),
    (
        "openrouter",
        {"size": "1280x720", "quality": "high", "background": "transparent"},
        {
            "size": "1280x720",
            "quality": "high",
            "background": "transparent",
            "output_format": "png",
        },
    ),
]


@pytest.mark.parametrize(("profile", "asked", "sent"), GENERATIONS)
async def test_a_generation_says_it_in_the_servers_words(
    connect: Connect, profile: str, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    caller, vendor = connect(profile)
    result = await caller.run(**asked)
    received = vendor.received[0]
    always = {"model": SERVED[profile][1], "prompt": "a cat", "n": 1}
    if "output_format" in PROFILES[profile].names and profile != "generic":
        always["output_format"] = "png"
    assert received.json == always | sent
    assert received.headers["authorization"] == f"Bearer {CANARY}"
    assert len(result.images) == asked.get("n", 1)
    wanted = Size.parse(asked.get("size", ""))
    assert wanted is None or set(sizes(result)) == {wanted}


@pytest.mark.parametrize("profile", ["generic", "sglang", "vllm_omni"])
async def test_input_images_go_out_as_files(connect: Connect, profile: str) -> None:
    caller, vendor = connect(profile)
    await caller.run(files=2)
    sent = vendor.received[0]
    assert sent.path == "/v1/images/edits"
    assert [part.name for part in sent.files] == ["image[]", "image[]"]
    assert sent.fields["model"] == SERVED[profile][1]


EDITS: list[tuple[str, int, str, Callable[[dict[str, Any]], list[str]]]] = [
    ("together", 2, "/v1/images/generations", lambda body: body["reference_images"]),
    ("xai", 1, "/v1/images/edits", lambda body: [body["image"]["url"]]),
    ("xai", 2, "/v1/images/edits", lambda body: [each["url"] for each in body["images"]]),
    (
        "openrouter",
        2,
        "/v1/images",
        lambda body: [each["image_url"]["url"] for each in body["input_references"]],
    ),
]


@pytest.mark.parametrize(("profile", "count", "path", "found"), EDITS)
async def test_input_images_go_out_as_data_urls(
    connect: Connect,
    profile: str,
    count: int,
    path: str,
    found: Callable[[dict[str, Any]], list[str]],
) -> None:
    caller, vendor = connect(profile)
    result = await caller.run(files=count)
    (sent,) = vendor.received
    assert sent.path == path
    urls = found(sent.json)
    assert len(urls) == count
    assert all(url.startswith("data:image/png;base64,iVBOR") for url in urls)
    assert len(result.images) == 1


async def test_a_server_without_a_key_is_sent_none(
    connect: Connect, make_caller: MakeCaller
) -> None:
    caller, vendor = connect("sglang")
    vendor.keys = frozenset()
    bare = make_caller(replace(caller.deployment, api_key=Secret("")), caller.model)
    await bare.run()
    assert "authorization" not in vendor.received[0].headers


async def test_what_splits_prompts_is_replaced_and_told(connect: Connect) -> None:
    caller, vendor = connect("localai")
    result = await caller.run(prompt="a sign: yes|no")
    assert vendor.received[0].json["prompt"] == "a sign: yes¦no"
    assert [(each.code, each.param) for each in result.warnings] == [("prompt_changed", "prompt")]


# What a server lacks ---------------------------------------------------------------------------


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_what_is_not_sent_is_not_offered(profile: str) -> None:
    names = PROFILES[profile].names
    for model in MODELS.models:
        offered = PROFILES[profile].offered(model)
        assert offered.max_partial_images == 0
        assert not offered.moderations
        assert not offered.fidelities
        assert not offered.complexities
        assert "gif" not in offered.formats
        assert "seed" in names or not offered.seed
        assert "quality" in names or not offered.qualities
        assert "background" in names or "transparent" not in offered.backgrounds
        assert "output_compression" in names or not offered.compression


@pytest.mark.parametrize(
    ("profile", "masks", "edits"),
    [
        ("generic", True, True),
        ("sglang", False, True),
        ("vllm_omni", False, True),
        ("localai", False, False),
        ("together", False, True),
        ("xai", False, True),
        ("openrouter", False, True),
    ],
)
def test_masks_and_edits_are_offered_where_they_are_understood(
    profile: str, masks: bool, edits: bool
) -> None:
    model = MODELS.get("gpt-image-1.5")
    assert model is not None
    offered = PROFILES[profile].offered(model)
    assert offered.mask is masks
    assert ("edit" in offered.operations) is edits
    assert (offered.max_inputs > 0) is edits


def test_self_hosted_servers_repeat_seeds_and_make_several_images() -> None:
    model = MODELS.get("flux-2-dev")
    assert model is not None
    for profile in ("sglang", "vllm_omni"):
        offered = PROFILES[profile].offered(model)
        assert (offered.seed, offered.max_n, offered.compression) == (True, 10, True)
        assert offered.formats == ("png", "jpeg", "webp")


def test_vendors_serve_the_models_that_their_list_is_known_to_have() -> None:
    egress: Any = None
    for profile, found in PROFILES.items():
        options = {"profile": profile}
        deployment = Deployment("own", "openai_compatible", "http://h", options=options)
        provider = OpenAICompatibleProvider(deployment, egress)
        assert {m.id for m in MODELS.models if provider.serves(m)} == set(found.models)


async def test_a_model_of_a_known_vendor_is_called_by_its_name_there(
    connect: Connect, make_caller: MakeCaller
) -> None:
    caller, vendor = connect("together")
    unlisted = replace(caller.deployment, models={})
    await make_caller(unlisted, "flux-2-pro").run()
    assert vendor.received[0].json["model"] == "black-forest-labs/FLUX.2-pro"


# What comes back -------------------------------------------------------------------------------


async def test_tokens_and_costs_are_read_where_they_are_told(connect: Connect) -> None:
    caller, _ = connect("openrouter")
    result = await caller.run(files=1)
    # Text and images are one number there: the prompt's share is reckoned.
    assert result.usage == Usage(text_in=8, image_in=198, image_out=1_056)
    assert result.cost_nanos == 33_876_000
    caller, _ = connect("xai")
    result = await caller.run(n=2)
    assert result.usage is None
    assert result.cost_nanos == 40_000_000
    for profile in ("sglang", "vllm_omni", "localai", "together"):
        caller, _ = connect(profile)
        result = await caller.run()
        assert (result.usage, result.cost_nanos) == (None, None)


@pytest.mark.parametrize(
    "usage", [None, {"cost": "free"}, {"cost": -1}, {"cost": True}, {"cost": 1e9}, {"cost": None}]
)
async def test_a_cost_that_is_none_is_not_taken_for_one(connect: Connect, usage: Any) -> None:
    caller, vendor = connect("openrouter")
    vendor.answer = {"usage": usage}
    assert (await caller.run()).cost_nanos is None


async def test_images_behind_urls_are_fetched_without_the_key(connect: Connect) -> None:
    caller, vendor = connect("generic")
    result = await caller.run(n=2)
    assert len(result.images) == 2
    fetched = [each for each in vendor.received if each.path.startswith("/files/")]
    assert len(fetched) == 2
    assert all("authorization" not in each.headers for each in fetched)


async def test_images_on_other_hosts_are_fetched_through_the_guard(connect: Connect) -> None:
    caller, vendor = connect("generic")
    with CompatibleVendor("generic", frozenset()) as store:
        store._files = vendor._files
        vendor.linked_to = f"http://127.0.0.1:{store.port}"
        result = await caller.run()
        assert len(result.images) == 1
        (sent,) = store.received
        assert "authorization" not in sent.headers
        assert CANARY not in str(sent.headers)


async def test_an_answer_can_be_asked_to_hold_its_images(connect: Connect) -> None:
    caller, vendor = connect("generic", response_format="b64_json")
    await caller.run()
    assert vendor.received[0].json["response_format"] == "b64_json"
    assert len(vendor.received) == 1


async def test_an_image_that_cannot_be_fetched_is_a_warning_while_others_can(
    connect: Connect,
) -> None:
    caller, vendor = connect("generic")
    vendor.next(Fault.CUT_BODY, path="0.png", times=9)
    result = await caller.run(n=2)
    assert len(result.images) == 1
    assert [each.code for each in result.warnings] == ["image_unusable"]
    assert len(caller.sink.left) == 1


async def test_images_of_which_none_can_be_fetched_may_have_been_billed(connect: Connect) -> None:
    caller, vendor = connect("generic")
    vendor.linked_to = "http://127.0.0.1:9"
    error = await caller.fails(n=2)
    assert type(error) is errors.UpstreamBroken
    assert error.billing is errors.Billing.UNKNOWN


async def test_a_download_that_fails_once_is_tried_again(connect: Connect) -> None:
    caller, vendor = connect("generic")
    vendor.next(Fault.CUT_BODY, path="0.png")
    assert len((await caller.run()).images) == 1


async def test_images_that_moderation_holds_back_are_warnings_while_others_come(
    connect: Connect,
) -> None:
    caller, vendor = connect("xai")
    vendor.refuse_images = 1
    result = await caller.run(n=3)
    assert len(result.images) == 2
    assert [each.code for each in result.warnings] == ["image_refused"]
    assert len(caller.sink.left) == 2


async def test_when_all_images_are_held_back_it_is_a_refusal(connect: Connect) -> None:
    caller, vendor = connect("xai")
    vendor.refuse_images = 2
    error = await caller.fails(n=2)
    assert type(error) is errors.ModerationBlocked
    assert error.details["stage"] == "output"


@pytest.mark.parametrize("profile", sorted(PROFILES))
async def test_every_server_refuses_in_its_own_words(connect: Connect, profile: str) -> None:
    caller, vendor = connect(profile)
    vendor.next(Fault.MODERATION_BLOCKED)
    assert type(await caller.fails()) is errors.ModerationBlocked


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.RATE_LIMITED, errors.UpstreamRateLimited),
        (Fault.INSUFFICIENT_QUOTA, errors.UpstreamDenied),
        (Fault.INVALID_REQUEST, errors.UpstreamRejected),
        (Fault.OVERLOADED, errors.UpstreamFailed),
        (Fault.BAD_GATEWAY, errors.UpstreamFailed),
        (Fault.TRUNCATED_JSON, errors.UpstreamBroken),
        (Fault.RESET, errors.UpstreamBroken),
    ],
)
async def test_failures_are_told_apart(
    connect: Connect, profile: str, fault: Fault, kind: type[errors.DarkroomError]
) -> None:
    caller, vendor = connect(profile)
    vendor.next(fault, retry_after="7")
    error = await caller.fails()
    assert type(error) is kind
    waits = kind in (errors.UpstreamRateLimited, errors.UpstreamFailed)
    assert error.retry_after_s == (7 if waits else None)


async def test_the_check_finds_models_that_are_not_served(
    connect: Connect, make_caller: MakeCaller
) -> None:
    caller, _ = connect("vllm_omni")
    assert [finding.ok for finding in await caller.provider.check()] == [True]
    other = replace(caller.deployment, models={"flux-2-dev": "another"})
    found = await make_caller(other, "flux-2-dev").provider.check()
    assert [finding.ok for finding in found] == [True, False]
    assert "'another'" in found[1].what


@pytest.mark.parametrize("profile", ["xai", "openrouter"])
async def test_where_models_cannot_be_compared_the_check_asks_for_the_key_only(
    connect: Connect, make_caller: MakeCaller, profile: str
) -> None:
    caller, _ = connect(profile)
    (finding,) = await caller.provider.check()
    assert finding.ok
    wrong = replace(caller.deployment, api_key=Secret("wrong"))
    (finding,) = await make_caller(wrong, caller.model).provider.check()
    assert not finding.ok
