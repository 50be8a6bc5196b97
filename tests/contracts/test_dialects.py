"""The dialect contract: every wire format renders every outcome, and names what it refuses."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from darkroom.core.dialect import Answer, Base64Of, Dialect, Piece, WireBody
from darkroom.core.draft import AnswerForm, Draft
from darkroom.core.errors import (
    DarkroomError,
    InvalidRequest,
    RequestError,
    UnknownParameter,
    by_code,
)
from darkroom.core.job import Asset, AssetKind, Job, JobEvent, JobState
from darkroom.core.result import Output
from darkroom.core.usage import Usage
from darkroom.wiring import build_dialects
from tests.support.jobs import a_job

DIALECTS = {dialect.name: dialect for dialect in build_dialects()}


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


SMALLEST: dict[str, dict[str, object]] = {
    "responses": {"input": "x", "tools": [{"type": "image_generation"}]},
}
"""A generation, as small as it can be; most take the same."""


def a_draft(dialect: Dialect, **fields: object) -> Draft:
    smallest = SMALLEST.get(dialect.name, {"model": "gpt-image-1.5", "prompt": "x"})
    return dialect.parse(dialect.routes[0].operation, WireBody({**smallest, **fields}))


def link_of(asset: Asset) -> str:
    return f"http://x/{asset.id}"


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


def test_a_body_of_very_many_fields_is_refused_before_each_is_looked_at(dialect: Dialect) -> None:
    fields = {f"name_{number}": 1 for number in range(1_000)}
    for route in dialect.routes:
        with pytest.raises(InvalidRequest, match="1,000 fields"):
            dialect.parse(route.operation, WireBody(fields))


@pytest.mark.parametrize("fields", [{}, {"prompt": 5}, {"prompt": None}, {"prompt": ["x"]}])
def test_a_missing_or_malformed_prompt_is_refused(
    dialect: Dialect, fields: dict[str, object]
) -> None:
    for route in dialect.routes:
        with pytest.raises(RequestError):
            dialect.parse(route.operation, WireBody(fields))


@pytest.mark.parametrize("links", [False, True])
def test_a_success_holds_every_image(dialect: Dialect, links: bool) -> None:
    if not links and a_draft(dialect).form.links:
        pytest.skip("always answers with links")
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
    # Some vendors have their own status for a spent account and for an unknown model.
    own = kind.status == 402 or kind.code == "model_not_found"
    assert answer.status == kind.status or (own and 400 <= answer.status < 500)
    body = body_of(answer)
    assert isinstance(body, dict)
    assert body["error"]
    # Some have fixed words for wrong keys and spent accounts.
    assert "It went wrong. Do this." in json.dumps(body) or kind.status in (401, 402)
    assert answer.headers["retry-after"] == "3"
    _, event = event_of(dialect.render_stream_error(error))
    assert event["error"]


def test_events_carry_their_image(dialect: Dialect) -> None:
    try:
        a_draft(dialect, stream=True)
    except UnknownParameter:
        pytest.skip("cannot be asked for a stream")
    job = a_success()
    if not dialect.render_partial(job, an_asset(1, AssetKind.PARTIAL)):
        pytest.skip("streams events of its own")
    name, event = event_of(dialect.render_partial(job, an_asset(1, AssetKind.PARTIAL)))
    assert event["type"] == name
    assert event["b64_json"] == "<asset-1>"
    usages = []
    for asset in job.results:
        _, event = event_of(dialect.render_completed(job, asset, last=asset is job.results[-1]))
        assert event["b64_json"] == f"<{asset.id}>"
        usages.append(event["usage"])
    assert sum(usage["total_tokens"] for usage in usages) == 110


def test_the_id_it_writes_leads_back(dialect: Dialect) -> None:
    job = a_job()
    assert dialect.job_id(dialect.wire_id(job)) == job.id
    if dialect.job_routes:
        assert dialect.wire_id(job) in json.dumps(body_of(dialect.render_accepted(job, link_of)))


@pytest.mark.parametrize("text", ["", "x", "../../etc", "task-unified-1-zz", "é" * 36])
def test_what_is_no_id_of_its_own_leads_nowhere(dialect: Dialect, text: str) -> None:
    if not dialect.job_routes:
        pytest.skip("shows no jobs")
    with pytest.raises(RequestError):
        dialect.job_id(text)


@pytest.mark.parametrize("state", JobState)
def test_a_job_is_shown_in_every_state(dialect: Dialect, state: JobState) -> None:
    error = None if state is not JobState.FAILED else by_code()["upstream_error"]("Broke.").record()
    job = replace(a_success(), state=state, error=error)
    answer = dialect.render_job(job, link_of)
    assert answer.status == 200
    text = json.dumps(body_of(answer))
    assert dialect.wire_id(job) in text or not dialect.job_routes
    assert ("http://x/asset-1" in text) is (state is JobState.SUCCEEDED)
    assert ("Broke." in text) is (state is JobState.FAILED)


@pytest.mark.parametrize("event", JobEvent)
def test_every_event_can_be_told(dialect: Dialect, event: JobEvent) -> None:
    states = {
        JobEvent.PROGRESS: JobState.RUNNING,
        JobEvent.COMPLETED: JobState.SUCCEEDED,
        JobEvent.FAILED: JobState.FAILED,
        JobEvent.CANCELED: JobState.CANCELED,
    }
    job = replace(a_success(), state=states[event])
    body = dialect.webhook(job, event, link_of)
    told = body.decode()
    assert isinstance(json.loads(told), dict)
    assert dialect.wire_id(job) in told
    assert ("http://x/asset-0" in told) is (event is JobEvent.COMPLETED)
    headers = dialect.webhook_headers(event, body, b"d" * 32)
    assert all(name == name.lower() for name in headers)
