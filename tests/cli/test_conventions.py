"""What all commands that make images have in common: the default, asking first, events."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess, command
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor


@pytest.mark.parametrize("prompt", ["a red bicycle", "자전거", "@prompt.txt", "-"])
def test_a_prompt_without_a_command_is_made(
    call: Call, folder: Path, vendor: OpenAIVendor, prompt: str
) -> None:
    (folder / "prompt.txt").write_text("a text of a file")
    done = call(prompt, "-o", "a.png", stdin="a text of stdin")
    assert (done.exit_code, done.stdout) == (0, "a.png\n"), done.output
    assert vendor.received


def test_its_options_may_come_first(call: Call, vendor: OpenAIVendor) -> None:
    done = call("-q", "low", "a red bicycle", "-o", "a.png")
    assert done.exit_code == 0, done.output
    assert vendor.received[-1].params["quality"] == "low"


@pytest.mark.parametrize(("slip", "advice"), [("usgae", "usage"), ("bicycle", "generate bicycle")])
def test_a_slip_makes_nothing(call: Call, vendor: OpenAIVendor, slip: str, advice: str) -> None:
    done = call(slip)
    assert done.exit_code == 2
    assert advice in done.stderr
    assert not vendor.received


def at_terminal(server: ServerProcess, folder: Path, answer: bytes, *words: str) -> tuple[int, str]:
    """Exit code and what a person saw: all three streams are a terminal."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        command("generate", "a red bicycle", *words),
        env=server.environment | {"TERM": "dumb"},
        cwd=folder,
        stdin=inner,
        stdout=inner,
        stderr=inner,
    )
    os.close(inner)
    os.write(outer, answer)
    seen = b""
    try:
        while data := os.read(outer, 4096):
            seen += data
    except OSError:  # Linux tells so that the other side was closed
        pass
    os.close(outer)
    return process.wait(20), seen.decode()


def test_a_person_is_asked_before_much_is_spent(
    server: ServerProcess, folder: Path, vendor: OpenAIVendor
) -> None:
    words = ("-o", "a.png", "--confirm-over", "0.000001")
    code, seen = at_terminal(server, folder, b"n\n", *words)
    assert code == 1
    assert "spend $" in seen
    assert "nothing was spent" in seen
    assert not vendor.received
    code, seen = at_terminal(server, folder, b"y\n", *words)
    assert code == 0, seen
    code, seen = at_terminal(server, folder, b"", *words, "--yes", "--force")
    assert (code, "spend $" in seen) == (0, False)
    code, seen = at_terminal(server, folder, b"", "-o", "b.png")
    assert (code, "spend $" in seen) == (0, False)
    code, seen = at_terminal(server, folder, b"", "-o", "-")
    assert code == 2
    assert "pipe them" in seen


def test_a_limit_that_is_no_amount_is_a_usage_error(call: Call, vendor: OpenAIVendor) -> None:
    assert call("generate", "a bicycle", "--confirm-over", "much").exit_code == 2
    assert not vendor.received


def test_events_tell_what_happens(call: Call, vendor: OpenAIVendor) -> None:
    done = call("generate", "a bicycle", "-o", "a.png", "--partial", "2", "--json-events")
    assert (done.exit_code, done.stdout) == (0, "a.png\n"), done.output
    told = [json.loads(line) for line in done.stderr.splitlines()]
    names = [one["event"] for one in told]
    assert names == ["started", "partial_image", "partial_image", "completed"]
    assert told[1]["path"] == "a.partial-1.png"
    assert told[-1]["charge"]["nanos"] > 0
    piped = call("generate", "a bicycle", "-o", "-", "--json-events")
    assert piped.stdout_bytes.startswith(b"\x89PNG")
    assert json.loads(piped.stderr.splitlines()[-1])["images"][0]["path"] is None
    vendor.next(Fault.MODERATION_BLOCKED)
    refused = call("generate", "a bicycle", "--json-events")
    assert refused.exit_code == 3
    last = json.loads(refused.stderr.splitlines()[1])
    assert (last["event"], last["error"]["code"]) == ("failed", "moderation_blocked")
