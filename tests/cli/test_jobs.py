"""``darkroom jobs`` and ``darkroom history``."""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor


def made(call: Call, prompt: str, *words: str) -> str:
    """The id of a job that has delivered."""
    done = call("generate", prompt, "-q", "low", "-o", "made/", "--json", *words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["job_id"]


def listed(call: Call, *words: str) -> list[dict[str, Any]]:
    done = call(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["jobs"]


def test_the_newest_jobs_are_listed_first(call: Call) -> None:
    older, newer = made(call, "an older picture"), made(call, "a newer picture")
    assert [one["id"] for one in listed(call, "jobs", "ls", "--limit", "2")] == [newer, older]
    head, *rows = call("jobs", "ls", "--limit", "2", "--state", "succeeded").stdout.splitlines()
    assert head.split()[0] == "ID"
    assert len(rows) == 2
    assert "$" in rows[0]
    assert rows[0].endswith("a newer picture")


def test_a_job_tells_what_it_was_and_what_it_cost(call: Call) -> None:
    job_id = made(call, "a picture to look at")
    shown = call("jobs", "get", job_id)
    assert shown.exit_code == 0, shown.output
    said = dict(line.split(None, 1) for line in shown.stdout.splitlines())
    assert (said["state"].strip(), said["prompt"]) == ("succeeded", "a picture to look at")
    assert said["charged"].startswith("$0.")
    assert json.loads(call("jobs", "get", job_id, "--json").stdout)["id"] == job_id
    assert call("jobs", "get", "job_nowhere").exit_code == 1


def test_waiting_writes_the_images_and_overwrites_nothing(call: Call, folder: Path) -> None:
    job_id = made(call, "a picture to wait for")
    done = call("jobs", "wait", job_id, "-o", "mine.png")
    assert (done.exit_code, done.stdout) == (0, "mine.png\n"), done.output
    assert (folder / "mine.png").read_bytes().startswith(b"\x89PNG")
    again = call("jobs", "wait", job_id, "-o", "mine.png")
    assert again.exit_code == 1
    assert "exists already" in again.stderr
    assert call("jobs", "wait", job_id, "-o", "-").stdout_bytes.startswith(b"\x89PNG")


def test_waiting_for_a_refused_job_ends_as_the_refusal_did(
    call: Call, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.MODERATION_BLOCKED)
    refused = json.loads(call("generate", "something bad", "--json").stdout)["error"]["job_id"]
    assert call("jobs", "wait", refused).exit_code == 3
    opened = call("jobs", "open", refused)
    assert opened.exit_code == 1
    assert "no images" in opened.stderr


def test_canceling_and_opening(call: Call, server: ServerProcess) -> None:
    job_id = made(call, "a finished picture")
    assert call("jobs", "cancel", job_id).stdout == f"{job_id}: succeeded\n"
    assert call("jobs", "open", job_id, "--print").stdout.startswith(f"{server.url}/")


def test_history_finds_prompts_by_all_of_their_words(call: Call) -> None:
    word = f"자전거{secrets.token_hex(4)}"
    red = made(call, f"A Red {word} by the river", "-m", "gpt-image-1.5")
    blue = made(call, f"a blue {word}", "-m", "gpt-image-2")
    assert [one["id"] for one in listed(call, "history", word)] == [blue, red]
    assert [one["id"] for one in listed(call, "history", word, "red")] == [red]
    assert [one["id"] for one in listed(call, "history", word, "-m", "gpt-image-2")] == [blue]
    today = datetime.now(UTC).date().isoformat()
    for since in ("1h", "2d", "1w", today):
        assert len(listed(call, "history", word, "--since", since)) == 2
    assert listed(call, "history", word, "--since", "2999-01-01") == []
    assert word in call("history", word).stdout


@pytest.mark.parametrize("since", ["yesterday", "3 days", "d", "99999999999d"])
def test_a_time_that_is_none_is_a_usage_error(call: Call, since: str) -> None:
    assert call("history", "--since", since).exit_code == 2
