"""Without a server, commands bring their own: in real processes, interrupted and side by side."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor

Start = Callable[..., subprocess.Popen[bytes]]
NOTE = "note: no server is running: using an embedded one\n"
_TIMEOUT_S = 30


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, str]:
    """Exit code, stdout and stderr."""
    stdout, stderr = process.communicate(timeout=_TIMEOUT_S)
    return process.returncode, stdout, stderr.decode()


def read_until(process: subprocess.Popen[bytes], text: str) -> None:
    """Read stderr up to the line with ``text``."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line.decode():
            return
    raise AssertionError(f"the process ended without saying {text!r}")


def test_it_works_and_leaves_nothing_behind(
    start: Start, tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "server.json").write_text(
        json.dumps({"url": "http://127.0.0.1:9", "pid": 1, "key": "of a crashed server"})
    )
    code, stdout, stderr = ended(start("generate", "붉은 자전거"))
    assert (code, stdout.decode()) == (0, "붉은-자전거.png\n")
    assert stderr.startswith(f"{NOTE}$0.")
    assert stderr.endswith(" charged\n")
    assert (tmp_path / "붉은-자전거.png").read_bytes().startswith(b"\x89PNG")
    assert len(openai_vendor.received) == 1
    assert not list((tmp_path / "data" / "spool").rglob("*.*"))


def test_no_first_key_is_used_up(start: Start, tmp_path: Path) -> None:
    code, stdout, _ = ended(start("keys", "list", "--json"))
    assert (code, json.loads(stdout)) == (0, {"ok": True, "keys": []})
    assert not (tmp_path / "data" / "server.json").exists()


def test_images_go_through_pipes(start: Start) -> None:
    made = start("generate", "a cat", "-o", "-")
    code, image, _ = ended(made)
    assert (code, image[:4]) == (0, b"\x89PNG")
    code, edited, stderr = ended(
        start("edit", "-i", "-", "add a hat", "-o", "-", "-f", "webp", stdin=image)
    )
    assert (code, edited[:4]) == (0, b"RIFF"), stderr


async def test_ctrl_c_lets_the_job_finish(
    start: Start, tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    process = start("generate", "a cat", "-o", "cat.png")
    await openai_vendor.wait_received(1, _TIMEOUT_S)
    process.send_signal(signal.SIGINT)
    read_until(process, "waiting for it to end")
    openai_vendor.release()
    assert ended(process)[0] == 130
    assert openai_vendor.hung_up == 0
    assert not (tmp_path / "cat.png").exists()
    stored = (tmp_path / "data" / "images").glob("*/*")  # not the mark of the store
    assert any(path.is_file() for path in stored)


async def test_a_second_ctrl_c_leaves_at_once(
    start: Start, tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HANG)
    process = start("generate", "a cat", "-o", "cat.png")
    await openai_vendor.wait_received(1, _TIMEOUT_S)
    process.send_signal(signal.SIGINT)
    read_until(process, "waiting for it to end")
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 130
    await openai_vendor.wait_hung_up(1)


async def test_commands_side_by_side_take_turns(
    start: Start, tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HOLD)
    first = start("generate", "a cat", "-o", "cat.png")
    await openai_vendor.wait_received(1, _TIMEOUT_S)
    second = start("generate", "a dog", "-o", "dog.png")
    read_until(second, "waiting for another darkroom")
    openai_vendor.release()
    assert ended(first)[0] == 0
    assert ended(second)[0] == 0
    assert (tmp_path / "cat.png").exists()
    assert (tmp_path / "dog.png").exists()
