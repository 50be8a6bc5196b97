"""The dialect contract: every wire format renders every outcome, and names what it refuses."""

import json
from collections.abc import Sequence

import pytest

from darkroom.core.dialect import Answer, Base64Of, Dialect, Piece, WireBody
from darkroom.core.draft import AnswerForm
from darkroom.core.errors import DarkroomError, RequestError, UnknownParameter, by_code
from darkroom.core.job import Asset, AssetKind, Job, JobState
from darkroom.core.result import Output
from darkroom.core.usage import Usage
from darkroom.wiring import build_dialects
from tests.support.jobs import a_job

DIALECTS = {dialect.name: dialect for dialect in build_dialects("gpt-image-2")}


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


def an_asset(position: int = 0, kind: AssetKind = AssetKind.RESULT) -> Asset:
    return Asset(f"asset-{position}", kind, position, "ab" * 32, "image/png", 64, 32, 5, 1_000)


def a_success(images: int = 2) -> Job:
    return a_job(
        state=JobState.SUCCEEDED,
        finished_at_ms=2_000,
        usage=Usage(text_in=7, image_in=3, image_out=100),
        output=Output(quality="high"),
        assets=tuple(an_asset(position) for position in range(images)),
    )


def sent(pieces: Sequence[Piece]) -> str:
    """What goes over the wire, each image as a short stand-in."""
    return "".join(
        f"<{piece.asset.id}>" if isinstance(piece, Base64Of) else piece.decode() for piece in pieces
    )


def body_of(answer: Answer) -> object:
    assert answer.media_type == "application/json"
    return json.loads(sent(answer.pieces))


def event_of(pieces: Sequence[Piece]) -> tuple[str, dict[str, object]]:
    text = sent(pieces)
    assert text.endswith("\n\n")
    name, data = text.strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_its_routes_are_its_own(dialect: Dialect) -> None:
    paths = [route.path for route in dialect.routes]
    assert paths
    assert len(set(paths)) == len(paths)
    assert all(path.startswith("/") for path in paths)


def test_an_unknown_parameter_is_refused_by_name(dialect: Dialect) -> None:
    for route in dialect.routes:
        with pytest.raises(UnknownParameter) as caught:
            dialect.parse(route.operation, WireBody({"prompt": "x", "no_such_thing": 1}))
        assert caught.value.param == "no_such_thing"


@pytest.mark.parametrize("fields", [{}, {"prompt": 5}, {"prompt": None}, {"prompt": ["x"]}])
def test_a_missing_or_malformed_prompt_is_refused(
    dialect: Dialect, fields: dict[str, object]
) -> None:
    for route in dialect.routes:
        with pytest.raises(RequestError):
            dialect.parse(route.operation, WireBody(fields))


@pytest.mark.parametrize("links", [False, True])
def test_a_success_holds_every_image(dialect: Dialect, links: bool) -> None:
    form = AnswerForm(links=links)
    answer = dialect.render(a_success(), form, lambda asset: f"http://x/{asset.id}")
    assert answer.status == 200
    text = json.dumps(body_of(answer))
    for position in range(2):
        assert (f"http://x/asset-{position}" if links else f"<asset-{position}>") in text
    assert not links or not any(isinstance(piece, Base64Of) for piece in answer.pieces)


@pytest.mark.parametrize("kind", by_code().values(), ids=by_code())
def test_every_error_has_a_form(dialect: Dialect, kind: type[DarkroomError]) -> None:
    error = kind("It went wrong. Do this.", param="prompt", retry_after_s=2.4)
    answer = dialect.render_error(error)
    # Money is the exception: some vendors have their own status for a spent account.
    assert answer.status == kind.status or (kind.status == 402 and 400 <= answer.status < 500)
    assert "It went wrong. Do this." in json.dumps(body_of(answer))
    assert answer.headers["retry-after"] == "3"
    _, event = event_of(dialect.render_stream_error(error))
    assert event["error"]


def test_events_carry_their_image(dialect: Dialect) -> None:
    job = a_success()
    name, event = event_of(dialect.render_partial(job, an_asset(1, AssetKind.PARTIAL)))
    assert event["type"] == name
    assert event["b64_json"] == "<asset-1>"
    usages = []
    for asset in job.results:
        _, event = event_of(dialect.render_completed(job, asset, last=asset is job.results[-1]))
        assert event["b64_json"] == f"<{asset.id}>"
        usages.append(event["usage"])
    assert sum(usage["total_tokens"] for usage in usages) == 110
