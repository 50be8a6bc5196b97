"""A batch at work, against a shop in memory: the cap, attempts, and what a resumed one may buy."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from darkroom.cli.batch.folder import Folder
from darkroom.cli.batch.manifest import Entry, Manifest
from darkroom.cli.batch.plan import Choice, planned, quoted
from darkroom.cli.batch.problems import BadRows
from darkroom.cli.batch.rows import Row
from darkroom.cli.batch.running import Limits, Runner
from darkroom.cli.failures import Exit, Failure
from darkroom.report.runs import MANIFEST, Run, read_manifest, read_runs
from darkroom_client import (
    APIConnectionError,
    BadRequestError,
    InsufficientBalance,
    InternalServerError,
    RateLimitError,
)
from darkroom_client.errors import ErrorFacts
from tests.cli.shops import MOST, PRICE, Shelf, failed, row

ROWS = [row(f"r{number}", number) for number in range(1, 13)]


def run(
    folder: Path,
    shop: Shelf,
    rows: Sequence[Row] = ROWS,
    *,
    limits: Limits | None = None,
    choice: Choice | None = None,
    sender: str = "me",
) -> Runner:
    """One call of the command."""
    with Manifest(folder) as manifest:
        files = Folder(folder, len(rows), [entry.run for entry in manifest.entries])
        plan = planned(rows, manifest, files, choice or Choice(), sender)
        quoted(plan, shop, 2)
        runner = Runner(shop, manifest, files, limits or Limits(), lambda _entry: None)
        for entry in plan.kept:
            if manifest.get(entry.run.id) != entry:
                manifest.write(entry)
        runner.run(plan.tasks, lambda _text: None)
        return runner


def states(folder: Path) -> dict[str, str]:
    return {one.id: one.state for one in read_runs(folder)}


def test_rows_are_made_once_and_recorded(tmp_path: Path) -> None:
    shop = Shelf()
    run(tmp_path, shop)
    run(tmp_path, shop)
    assert sorted(shop.rows) == sorted(one.id for one in ROWS)
    found = read_runs(tmp_path)
    assert [one.number for one in found] == list(range(1, 13))
    first = found[0]
    assert (first.prompt, first.state, first.charged_nanos) == ("picture r1", "succeeded", PRICE)
    assert first.quote_nanos == PRICE
    assert (tmp_path / first.files[0].path).stat().st_size == first.files[0].byte_size
    assert first.files[0].path == "001-picture-r1.png"


@pytest.mark.parametrize("concurrency", [1, 4, 12])
def test_the_cap_is_never_passed(tmp_path: Path, concurrency: int) -> None:
    """At every moment: what was charged and what accepted jobs may still cost at most."""
    shop, cap = Shelf(), 5 * PRICE + MOST // 2
    runner = run(tmp_path, shop, limits=Limits(concurrency, 0, cap))
    assert runner.capped
    # The sixth would have cost PRICE, but might have cost MOST.
    assert len(shop.rows) == 5
    assert 0 < shop.most_seen <= cap
    again = run(tmp_path, shop, limits=Limits(concurrency, 0, cap))
    assert again.capped
    assert len(shop.rows) == 5
    raised = run(tmp_path, shop, limits=Limits(concurrency, 0, 12 * MOST))
    assert not raised.capped
    assert len(shop.rows) == 12
    assert shop.most_seen <= 12 * MOST


def test_a_refused_row_does_not_stop_the_others(tmp_path: Path) -> None:
    shop = Shelf()
    shop.outcome = lambda one: failed("moderation_blocked") if one.id == "r3" else {}
    run(tmp_path, shop)
    assert [id for id, state in states(tmp_path).items() if state != "succeeded"] == ["r3"]
    run(tmp_path, shop, choice=Choice(retry_failed=True))
    assert shop.rows.count("r3") == 1
    shop.outcome = lambda _row: {}
    run(tmp_path, shop, choice=Choice(only=("r3",), retry_failed=True))
    assert shop.rows.count("r3") == 2
    assert states(tmp_path)["r3"] == "succeeded"


def test_failed_rows_are_sent_again_only_when_asked(tmp_path: Path) -> None:
    shop = Shelf()
    shop.outcome = lambda one: failed("upstream_timeout") if one.id == "r2" else {}
    run(tmp_path, shop)
    shop.outcome = lambda _row: {}
    run(tmp_path, shop)
    assert states(tmp_path)["r2"] == "failed"
    run(tmp_path, shop, choice=Choice(retry_failed=True))
    assert states(tmp_path)["r2"] == "succeeded"
    assert sorted(shop.rows) == sorted([*(one.id for one in ROWS), "r2"])


def test_a_vendor_that_is_away_gets_another_attempt_with_another_key(tmp_path: Path) -> None:
    shop, answers = Shelf(), [failed("upstream_unavailable"), {}]
    shop.outcome = lambda _row: answers.pop(0)
    run(tmp_path, shop, ROWS[:1], limits=Limits(1, 1, pause_s=0))
    assert states(tmp_path) == {"r1": "succeeded"}
    assert len(shop.keys) == 2


def test_what_was_perhaps_accepted_is_sent_again_under_the_same_key(tmp_path: Path) -> None:
    shop = Shelf()

    def cut_off(_row: Row) -> None:
        raise APIConnectionError("cut off", ErrorFacts(code="connection_broken"))

    shop.before_submit = cut_off
    runner = run(tmp_path, shop, ROWS[:3], limits=Limits(1))
    assert runner.failure is not None
    assert runner.failure.exit is Exit.UNAVAILABLE
    assert states(tmp_path) == {"r1": "queued"}  # nothing was begun after that
    shop.before_submit = lambda _row: None
    with Manifest(tmp_path) as manifest:
        entry = manifest.get("r1")
        assert entry is not None
        key = manifest.key(entry)
        assert manifest.bound_nanos == MOST
    run(tmp_path, shop, ROWS[:3])
    assert shop.keys[key] == "job-1"
    assert sorted(shop.rows) == ["r1", "r2", "r3"]


def test_a_server_error_is_no_proof_that_nothing_was_bought(tmp_path: Path) -> None:
    shop = Shelf()

    def fall_over(_row: Row) -> None:
        raise InternalServerError("oops", ErrorFacts(code="internal_error"), 500)

    shop.before_submit = fall_over
    run(tmp_path, shop, ROWS[:1])
    assert states(tmp_path) == {"r1": "queued"}


@pytest.mark.parametrize("sender", ["me", "somebody else"])
def test_what_may_have_been_made_is_not_bought_anew(tmp_path: Path, sender: str) -> None:
    """Without a job's id the idempotency key would tell, for a day, and for one API key."""
    shop, one = Shelf(), ROWS[0]
    old = datetime.now(UTC) - timedelta(hours=24 if sender == "me" else 1)
    sent = Run(one.id, 1, one.prompt, {}, "queued")
    entry = Entry(sent, one.digest, 1, MOST, "me", old.isoformat())
    with Manifest(tmp_path) as manifest:
        manifest.write(entry)
    path = tmp_path / MANIFEST
    text = path.read_text(encoding="utf-8")
    [_, line] = list(read_manifest(path))
    path.write_text(text.replace(line["at"], old.isoformat()), encoding="utf-8")
    run(tmp_path, shop, [one], sender=sender)
    [found] = read_runs(tmp_path)
    assert found.error is not None
    assert (found.state, found.error.code, shop.rows) == ("failed", "answer_lost", [])
    with Manifest(tmp_path) as manifest:
        assert manifest.bound_nanos == MOST  # it counts against the cap all the same
    run(tmp_path, shop, [one], sender=sender, choice=Choice(retry_failed=True))
    assert (states(tmp_path), shop.rows) == ({"r1": "succeeded"}, ["r1"])


def test_a_job_is_found_by_its_id_however_old(tmp_path: Path) -> None:
    shop, one = Shelf(), ROWS[0]
    job_id = shop.submit(one, "the key of a day ago")
    sent = Run(one.id, 1, one.prompt, {}, "running", job_id)
    with Manifest(tmp_path) as manifest:
        manifest.write(Entry(sent, one.digest, 1, MOST, "another sender"))
    run(tmp_path, shop, [one])
    assert (states(tmp_path), shop.rows) == ({"r1": "succeeded"}, ["r1"])


def test_an_empty_balance_ends_the_batch_and_is_no_failure_of_the_row(tmp_path: Path) -> None:
    shop = Shelf()

    def broke(one: Row) -> None:
        if one.number > 2:
            raise InsufficientBalance("empty", ErrorFacts(code="insufficient_quota"))

    shop.before_submit = broke
    runner = run(tmp_path, shop, limits=Limits(1))
    assert runner.failure is not None
    assert runner.failure.exit is Exit.FUNDS
    assert len(states(tmp_path)) == 3
    shop.before_submit = lambda _row: None
    run(tmp_path, shop)
    assert set(states(tmp_path).values()) == {"succeeded"}
    assert len(shop.rows) == 12


def test_a_busy_server_is_asked_again_after_what_it_says(tmp_path: Path) -> None:
    shop, told = Shelf(), [True, True]

    def busy(_row: Row) -> None:
        if told:
            told.pop()
            facts = ErrorFacts(code="rate_limit_exceeded", retryable=True, retry_after_s=0)
            raise RateLimitError("busy", facts)

    shop.before_submit = busy
    run(tmp_path, shop, ROWS[:1], limits=Limits(1, 2))
    assert states(tmp_path) == {"r1": "succeeded"}


def test_a_row_that_the_server_finds_wrong_fails_alone(tmp_path: Path) -> None:
    shop = Shelf()

    def wrong(one: Row) -> None:
        if one.id == "r1":
            raise BadRequestError("no", ErrorFacts(code="invalid_value"))

    shop.before_submit = wrong
    run(tmp_path, shop, ROWS[:2])
    assert states(tmp_path) == {"r1": "failed", "r2": "succeeded"}


def test_missing_files_are_fetched_again_and_not_bought(tmp_path: Path) -> None:
    shop = Shelf()
    run(tmp_path, shop, ROWS[:2])
    file = tmp_path / read_runs(tmp_path)[0].files[0].path
    content = file.read_bytes()
    file.unlink()
    run(tmp_path, shop, ROWS[:2])
    assert file.read_bytes() == content
    assert sorted(shop.rows) == ["r1", "r2"]


def test_a_changed_row_is_made_again_but_not_while_it_runs(tmp_path: Path) -> None:
    shop = Shelf()
    run(tmp_path, shop, ROWS[:1])
    changed = replace(ROWS[0], prompt="other", digest="other")
    run(tmp_path, shop, [changed])
    assert shop.rows == ["r1", "r1"]
    assert read_runs(tmp_path)[0].prompt == "other"
    with Manifest(tmp_path) as manifest:
        assert manifest.charged_nanos == 2 * PRICE
        entry = manifest.get("r1")
        assert entry is not None
        manifest.write(replace(entry, run=replace(entry.run, state="running")))
    with pytest.raises(BadRows):
        run(tmp_path, shop, ROWS[:1])


@pytest.mark.parametrize("seed", range(5))
def test_a_torn_manifest_is_read_as_far_as_it_goes(tmp_path: Path, seed: int) -> None:
    """Cut anywhere, as a power cut does, and resumed: no row is bought twice."""
    shop, path = Shelf(), tmp_path / MANIFEST
    run(tmp_path, shop)
    whole = path.read_bytes()
    path.write_bytes(whole[: random.Random(seed).randrange(40, len(whole))])
    if not path.read_bytes().count(b"\n"):
        path.write_bytes(whole[: whole.index(b"\n") + 40])
    run(tmp_path, shop)
    assert sorted(shop.rows) == sorted(one.id for one in ROWS)
    assert set(states(tmp_path).values()) == {"succeeded"}
    assert len(states(tmp_path)) == 12


def test_two_runs_of_one_batch_do_not_meet(tmp_path: Path) -> None:
    with Manifest(tmp_path), pytest.raises(Failure, match="another darkroom works"):
        Manifest(tmp_path)


def test_other_peoples_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(b"mine")
    with pytest.raises(Failure, match="choose another folder"):
        Manifest(tmp_path)
    (tmp_path / MANIFEST).write_text('{"name": "of a web app"}\n', encoding="utf-8")
    with pytest.raises(Failure, match="not the manifest of a batch"):
        Manifest(tmp_path)
    assert (tmp_path / "mine.png").read_bytes() == b"mine"


def test_a_batch_that_began_nothing_leaves_nothing(tmp_path: Path) -> None:
    with Manifest(tmp_path / "new"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_rows_with_the_same_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    shop = Shelf()
    run(tmp_path, shop, ROWS[:1])
    twin = replace(ROWS[0], id="twin", digest="twin")
    run(tmp_path, shop, [twin])
    assert [one.files[0].path for one in read_runs(tmp_path)] == [
        "001-picture-r1.png",
        "001-picture-r1.2.png",
    ]


@pytest.mark.parametrize("change", [{"at": "soon"}, {"attempt": math.inf}, {"at": 7}])
def test_a_record_that_no_batch_wrote_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.write(Entry(Run("a", 1, "a boat", {}, "queued"), "0" * 64, 1, MOST, "me"))
    path = tmp_path / MANIFEST
    head, line = path.read_text().splitlines()
    path.write_text(f"{head}\n{json.dumps({**json.loads(line), **change})}\n")
    with pytest.raises(Failure, match="no batch wrote"):
        Manifest(tmp_path)
