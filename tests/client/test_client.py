"""The SDK against a running server."""

import base64
import io
from pathlib import Path

import pytest

import darkroom_client as sdk
from darkroom_client import Client, PartialImage
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.fakes.pictures import Look, picture
from tests.support.running import Running

PHOTO = picture("png", Look(64, 48))
MASK = picture("png", Look(64, 48, transparent=True))


def test_a_generation(client: Client, tmp_path: Path) -> None:
    result = client.generate("a red bicycle", size="1536x1024", n=2, output_format="webp")
    assert [(image.width, image.height) for image in result.images] == [(1536, 1024)] * 2
    assert {image.format for image in result.images} == {"webp"}
    assert (result.model, result.deployment, result.sandbox) == ("gpt-image-2", "openai", False)
    assert result.usage.total == result.usage.input_text + result.usage.output_image > 0
    assert result.request_id.startswith("req_")
    assert not result.replayed
    saved = result.images[0].save(tmp_path / "bike.webp")
    assert saved.read_bytes() == result.images[0].data


def test_warnings_are_typed(client: Client) -> None:
    result = client.generate("a red bicycle", model="gpt-image-1.5", size="1792x1024")
    (warning,) = result.warnings
    assert (warning.code, warning.asked) == ("size_fitted", "1792x1024")
    assert (result.images[0].width, result.images[0].height) == (1792, 1024)


def test_previews_stream(client: Client) -> None:
    seen: list[PartialImage] = []
    result = client.generate("a red bicycle", partial_images=3, on_partial=seen.append)
    assert [partial.index for partial in seen] == [0, 1, 2]
    assert all(partial.image.format == "png" for partial in seen)
    assert result.images[0].format == "png"
    assert result.usage.total > 0
    assert result.job_id


def test_an_edit_takes_any_kind_of_input(
    client: Client, openai_vendor: OpenAIVendor, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(PHOTO)
    given = [path, str(path), PHOTO, io.BytesIO(PHOTO), sdk.Image(PHOTO)]
    client.edit("make it night", given, mask=MASK, input_fidelity="high", model="gpt-image-1.5")
    form = openai_vendor.received[-1]
    assert len(form.files) == len(given) + 1
    assert form.fields["input_fidelity"] == "high"
    url = "data:image/png;base64," + base64.b64encode(PHOTO).decode()
    client.edit("make it night", [url, *given[:2]], mask=path)
    assert len(openai_vendor.received[-1].files) == 4
    client.edit("make it night", path)
    assert len(openai_vendor.received[-1].files) == 1


def test_a_missing_input_is_noticed_before_sending(
    client: Client, openai_vendor: OpenAIVendor
) -> None:
    with pytest.raises(FileNotFoundError):
        client.edit("make it night", "nowhere.png")
    assert not openai_vendor.received


def test_an_idempotency_key_brings_back_the_same_images(
    client: Client, openai_vendor: OpenAIVendor
) -> None:
    first = client.generate("a red bicycle", idempotency_key="k1")
    again = client.generate("a red bicycle", idempotency_key="k1")
    assert again.replayed
    assert again.images == first.images
    assert again.job_id == first.job_id
    assert len(openai_vendor.received) == 1
    with pytest.raises(sdk.ConflictError) as conflict:
        client.generate("a blue bicycle", idempotency_key="k1")
    assert conflict.value.code == "idempotency_conflict"


@pytest.mark.parametrize("stream", [False, True])
def test_moderation_is_an_error_of_its_own(
    client: Client, openai_vendor: OpenAIVendor, stream: bool
) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, categories=("violence",))
    with pytest.raises(sdk.ContentPolicyViolation) as refused:
        client.generate("a fight", partial_images=int(stream))
    error = refused.value
    assert (error.code, error.status_code, error.retryable) == ("moderation_blocked", 400, False)
    assert (error.stage, error.categories) == ("input", ("violence",))
    assert client.jobs.get(error.job_id).state == "failed"


def test_a_stream_that_fails_late_has_the_same_error(
    client: Client, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.always(Fault.SSE_ERROR)
    seen: list[PartialImage] = []
    with pytest.raises(sdk.APIStatusError) as failed:
        client.generate("a cat", partial_images=2, on_partial=seen.append)
    assert failed.value.code
    assert failed.value.job_id
    assert [partial.index for partial in seen] == [0]


@pytest.mark.parametrize(
    ("options", "kind", "param"),
    [
        ({"size": "tall"}, sdk.BadRequestError, "size"),
        ({"model": "no-such-model"}, sdk.NotFoundError, "model"),
        ({"colour": "red"}, sdk.BadRequestError, "colour"),
    ],
)
def test_refused_options_name_the_parameter(
    client: Client, options: dict[str, str], kind: type[sdk.APIStatusError], param: str
) -> None:
    with pytest.raises(kind) as refused:
        client.generate("a cat", **options)  # type: ignore[arg-type]
    assert refused.value.param == param
    assert refused.value.job_id == ""


def test_jobs_are_read_and_their_images_collected(client: Client) -> None:
    results = [client.generate(prompt) for prompt in ("one", "two")]
    page = client.jobs.list(limit=1)
    assert [job.id for job in page.jobs] == [results[1].job_id]
    older = client.jobs.list(limit=1, cursor=page.next_cursor)
    assert [job.id for job in older.jobs] == [results[0].job_id]
    job = client.jobs.get(results[0].job_id)
    assert (job.state, job.operation) == ("succeeded", "generation")
    assert client.download(job.results[0]).data == results[0].images[0].data
    assert client.jobs.cancel(job.id).state == "succeeded"
    assert client.jobs.list(state="failed").jobs == ()
    with pytest.raises(sdk.NotFoundError):
        client.jobs.get("no/such job")


def test_models(client: Client) -> None:
    model = next(one for one in client.models() if one.id == "gpt-image-2")
    assert model.capabilities["max_n"] == 10
    assert (model.sandbox, model.deployments) == (False, ("openai",))
    assert client.model("gpt-image-2") == model


def test_keys(client: Client, gateway: Running) -> None:
    made = client.keys.create("workshop", account="shared")
    assert made.key is not None
    assert made.key not in repr(made)
    with Client(gateway.url, made.key) as other:
        other.models()
        with pytest.raises(sdk.PermissionDeniedError):
            other.keys.list()
        assert client.keys.revoke(made.id).revoked_at is not None
        with pytest.raises(sdk.AuthenticationError):
            other.models()
    listed = {key.id: key for key in client.keys.list()}
    assert listed[made.id].account == "shared"
    assert listed[made.id].key is None


def test_the_environment_names_server_and_key(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_BASE_URL", f"{gateway.url}/v1/")
    monkeypatch.setenv("DARKROOM_API_KEY", gateway.key)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Client() as client:
        assert client.base_url == gateway.url
        assert client.models()
