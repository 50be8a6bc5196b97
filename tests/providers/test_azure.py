"""The Azure adapter against the fake vendor: both forms of address, refusals, what it lacks."""

from collections.abc import Iterator
from typing import Any

import pytest

from darkroom.core import errors
from darkroom.core.deployment import Deployment
from darkroom.core.secret import Secret
from darkroom.core.size import Size
from darkroom.providers.azure import AzureProvider
from tests.fakes.azure_vendor import API_VERSION, AzureVendor
from tests.fakes.openai_faults import Fault
from tests.providers.conftest import MakeCaller
from tests.support.calls import CANARY, MODELS, Caller, sizes


@pytest.fixture
def vendor() -> Iterator[AzureVendor]:
    with AzureVendor({"my-image": "gpt-image-1.5"}, keys=frozenset({CANARY})) as server:
        yield server


def deployment(vendor: AzureVendor, address: str = "", **options: str) -> Deployment:
    return Deployment(
        "sweden",
        "azure",
        vendor.base_url + address,
        Secret(CANARY),
        models={"gpt-image-1.5": "my-image"},
        options=options,
    )


@pytest.fixture
def azure(vendor: AzureVendor, make_caller: MakeCaller) -> Caller:
    return make_caller(deployment(vendor, api_version=API_VERSION), "gpt-image-1.5")


@pytest.mark.parametrize(
    ("address", "version", "path", "query"),
    [
        ("", API_VERSION, "/openai/deployments/my-image", f"api-version={API_VERSION}"),
        ("/openai", API_VERSION, "/openai/deployments/my-image", f"api-version={API_VERSION}"),
        ("", "", "/openai/v1", ""),
        ("/openai/v1/", "", "/openai/v1", ""),
        ("/openai/v1", "preview", "/openai/v1", "api-version=preview"),
        ("", "latest", "/openai/v1", "api-version=latest"),
    ],
)
async def test_both_forms_of_address_are_spoken(
    vendor: AzureVendor,
    make_caller: MakeCaller,
    address: str,
    version: str,
    path: str,
    query: str,
) -> None:
    options = {"api_version": version} if version else {}
    caller = make_caller(deployment(vendor, address, **options), "gpt-image-1.5")
    result = await caller.run(quality="low", size="1536x1024")
    edited = await caller.run(quality="low", files=2)
    assert sizes(result) == [Size(1536, 1024)]
    assert len(edited.images) == 1
    generation, edit = vendor.received
    assert (generation.path, generation.query) == (f"{path}/images/generations", query)
    assert (edit.path, edit.query) == (f"{path}/images/edits", query)
    for sent in vendor.received:
        assert sent.params["model"] == "my-image"
        assert sent.headers["api-key"] == CANARY
        assert "authorization" not in sent.headers
    assert all(finding.ok for finding in await caller.provider.check())


def test_webp_animations_and_complexity_are_not_offered(azure: Caller) -> None:
    newest = MODELS.get("gpt-image-2.6-flare")
    assert newest is not None
    assert "gif" in newest.formats
    offered = azure.provider.spec(newest)
    assert offered.formats == ("png", "jpeg")
    assert offered.complexities == ()
    assert offered.qualities == newest.qualities


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"fault": Fault.CONTENT_FILTER}, "unknown", "safety system"),
    ({"fault": Fault.MODERATION_BLOCKED, "stage": "output"}, "output", "safety_violations"),
    ({"fault": Fault.CONTENT_POLICY}, "unknown", "safety system"),
]


@pytest.mark.parametrize(("fault", "stage", "words"), REFUSALS)
async def test_every_form_of_a_refusal_is_one_outcome(
    azure: Caller, vendor: AzureVendor, fault: dict[str, Any], stage: str, words: str
) -> None:
    vendor.next(**fault)
    error = await azure.fails()
    assert type(error) is errors.ModerationBlocked
    assert error.details["stage"] == stage
    assert words in error.message


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.RATE_LIMITED, errors.UpstreamRateLimited),
        (Fault.SERVER_ERROR, errors.UpstreamFailed),
        (Fault.INVALID_REQUEST, errors.UpstreamRejected),
        (Fault.TRUNCATED_JSON, errors.UpstreamBroken),
        (Fault.GATEWAY_TIMEOUT, errors.UpstreamTimeout),
    ],
)
async def test_failures_are_told_apart(
    azure: Caller, vendor: AzureVendor, fault: Fault, kind: type[errors.DarkroomError]
) -> None:
    vendor.next(fault)
    assert type(await azure.fails()) is kind


async def test_the_pause_that_azure_asks_for_is_kept(azure: Caller, vendor: AzureVendor) -> None:
    vendor.next(Fault.RATE_LIMITED, retry_after="7")
    assert (await azure.fails()).retry_after_s == 7


async def test_an_unknown_deployment_name_is_the_operators_to_mend(
    vendor: AzureVendor, make_caller: MakeCaller
) -> None:
    other = Deployment("sweden", "azure", vendor.base_url, Secret(CANARY))
    error = await make_caller(other, "gpt-image-1.5").fails()
    assert type(error) is errors.UpstreamDenied
    assert "does not exist" in error.message


async def test_a_refused_key_is_found_by_the_check(
    vendor: AzureVendor, make_caller: MakeCaller
) -> None:
    other = Deployment("sweden", "azure", vendor.base_url, Secret("wrong"))
    (finding,) = await make_caller(other, "gpt-image-1.5").provider.check()
    assert not finding.ok
    assert "invalid subscription key" in finding.what


def test_without_an_address_it_says_which_one_it_needs() -> None:
    egress: Any = None
    with pytest.raises(ValueError, match="address of your resource"):
        AzureProvider(Deployment("sweden", "azure"), egress)
