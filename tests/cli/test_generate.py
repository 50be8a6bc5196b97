"""``darkroom generate``: files, names, formats, stdout, and what is said."""

import json
import os
import re
import unicodedata
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor

PNG = b"\x89PNG"
CHARGED = re.compile(r"\$0\.\d+ charged\n")
SIGNATURES = {"png": PNG, "jpg": b"\xff\xd8\xff", "webp": b"RIFF"}


def files(folder: Path) -> list[str]:
    """What lies in the folder, hidden files included."""
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("suffix", SIGNATURES)
def test_the_suffix_chooses_the_format(call: Call, folder: Path, suffix: str) -> None:
    done = call("generate", "a red bicycle", "-o", f"bike.{suffix}")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"bike.{suffix}\n"
    assert (folder / f"bike.{suffix}").read_bytes().startswith(SIGNATURES[suffix])
    assert CHARGED.fullmatch(done.stderr)
    assert files(folder) == [f"bike.{suffix}"]


def test_what_is_asked_reaches_the_vendor(call: Call, vendor: OpenAIVendor) -> None:
    options = "-s 1024x1536 -q low --background opaque -f webp --compression 70 --moderation low"
    done = call("generate", "a red bicycle", "-m", "gpt-image-1.5", *options.split())
    assert done.exit_code == 0, done.stderr
    fields = vendor.received[-1].params
    assert fields["model"] == "gpt-image-1.5"
    assert fields["prompt"] == "a red bicycle"
    assert (fields["size"], fields["quality"]) == ("1024x1536", "low")
    assert (fields["output_format"], fields["output_compression"]) == ("webp", 70)
    assert fields["moderation"] == "low"


def test_names_come_from_the_prompt_and_never_collide(call: Call, folder: Path) -> None:
    prompt = unicodedata.normalize("NFD", "붉은 자전거, 강가에서!")
    names = [call("generate", prompt).stdout.strip() for _ in range(3)]
    base = "붉은-자전거-강가에서"
    assert names == [f"{base}.png", f"{base}-2.png", f"{base}-3.png"]
    assert files(folder) == sorted(names)


def test_several_images_are_numbered(call: Call, folder: Path) -> None:
    done = call("generate", "a red bicycle", "-n", "3", "-o", "bike.png")
    assert done.stdout.splitlines() == ["bike-1.png", "bike-2.png", "bike-3.png"]
    assert files(folder) == ["bike-1.png", "bike-2.png", "bike-3.png"]


def test_a_folder_takes_derived_names(call: Call, folder: Path) -> None:
    done = call("generate", "A Red Bicycle", "-n", "2", "-o", "new/")
    assert done.stdout.splitlines() == ["new/a-red-bicycle-1.png", "new/a-red-bicycle-2.png"]
    assert files(folder / "new") == ["a-red-bicycle-1.png", "a-red-bicycle-2.png"]


@pytest.mark.parametrize(("name", "options"), [("bike.png", ()), ("bike-2.png", ("-n", "2"))])
def test_nothing_is_overwritten_nor_paid_for(
    call: Call, folder: Path, vendor: OpenAIVendor, name: str, options: tuple[str, ...]
) -> None:
    (folder / name).write_text("mine")
    done = call("generate", "a red bicycle", "-o", "bike.png", *options)
    assert done.exit_code == 1
    assert done.stderr == f"darkroom: {name} exists already; --force overwrites it\n"
    assert not vendor.received
    assert (folder / name).read_text() == "mine"
    forced = call("generate", "a red bicycle", "-o", "bike.png", "--force", *options)
    assert forced.exit_code == 0, forced.stderr
    assert (folder / name).read_bytes().startswith(PNG)


def test_a_missing_folder_is_noticed_before_anything_is_made(
    call: Call, vendor: OpenAIVendor
) -> None:
    done = call("generate", "a red bicycle", "-o", "nowhere/bike.png")
    assert (done.exit_code, done.stderr) == (1, "darkroom: the folder nowhere does not exist\n")
    assert not vendor.received


def test_bytes_go_to_stdout(call: Call, folder: Path) -> None:
    done = call("generate", "a red bicycle", "-f", "webp", "-o", "-")
    assert done.exit_code == 0, done.stderr
    assert done.stdout_bytes.startswith(b"RIFF")
    assert files(folder) == []


@pytest.mark.parametrize("options", [("-n", "2"), ("--json",)])
def test_stdout_takes_one_image_and_nothing_else(call: Call, options: tuple[str, ...]) -> None:
    done = call("generate", "a red bicycle", "-o", "-", *options)
    assert done.exit_code == 2
    assert "'-o -'" in done.output


def test_json_tells_everything(call: Call) -> None:
    done = call("generate", "a red bicycle", "-n", "2", "-o", "자전거.png", "--json")
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert [image["path"] for image in told["images"]] == ["자전거-1.png", "자전거-2.png"]
    first = told["images"][0]
    assert (first["format"], first["width"], first["height"]) == ("png", 1024, 1024)
    assert first["byte_size"] == Path("자전거-1.png").stat().st_size
    assert (told["model"], told["deployment"], told["sandbox"]) == ("gpt-image-2", "fake", False)
    assert told["usage"]["total"] > 0
    assert done.stderr == f"${told['charge']['usd']} charged\n"
    assert told["charge"]["nanos"] > 0
    assert told["job_id"]
    assert told["request_id"].startswith("req_")


def test_a_bent_size_is_warned_of(call: Call) -> None:
    words = ("generate", "a red bicycle", "-m", "gpt-image-1.5", "-s", "1792x1024")
    done = call(*words, "-o", "bike.png")
    assert done.exit_code == 0, done.stderr
    assert "\nwarning: " in done.stderr
    assert "1792x1024" in done.stderr
    quiet = call(*words, "-o", "quiet.png", "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("quiet.png\n", "")
    strict = call(*words, "-o", "strict.png", "--strict-size")
    assert strict.exit_code == 2
    assert strict.stderr.startswith("darkroom: ")
    assert strict.stderr.count("\n") == 1


def test_a_suffix_that_promises_another_format_is_noted(call: Call, folder: Path) -> None:
    done = call("generate", "a red bicycle", "-o", "bike.png", "-f", "jpeg")
    assert done.stderr.endswith("\nnote: bike.png holds JPEG, not what the suffix says\n")
    assert (folder / "bike.png").read_bytes().startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("stdin", ["ein rotes Fahrrad\n", "\ufeffein rotes Fahrrad\r\n"])
def test_the_prompt_may_come_from_a_file_or_stdin(
    call: Call, folder: Path, vendor: OpenAIVendor, stdin: str
) -> None:
    (folder / "prompt.txt").write_bytes(stdin.encode())
    assert call("generate", "@prompt.txt", "-o", "a.png").exit_code == 0
    assert call("generate", "-", "-o", "b.png", stdin=stdin.encode()).exit_code == 0
    assert [one.params["prompt"] for one in vendor.received] == ["ein rotes Fahrrad"] * 2


@pytest.mark.parametrize("prompt", ["", "  ", "@nowhere.txt", "-"])
def test_a_prompt_without_text_is_a_usage_error(
    call: Call, vendor: OpenAIVendor, prompt: str
) -> None:
    assert call("generate", prompt).exit_code == 2
    assert not vendor.received


def test_previews_are_written_beside_the_image(call: Call, folder: Path) -> None:
    done = call("generate", "a red bicycle", "-o", "bike.png", "--partial", "2", "--json")
    told = json.loads(done.stdout)
    assert told["previews"] == ["bike.partial-1.png", "bike.partial-2.png"]
    assert files(folder) == ["bike.partial-1.png", "bike.partial-2.png", "bike.png"]


def test_fewer_images_than_asked_are_kept_and_told(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    vendor.next(Fault.FEWER_IMAGES, images=1)
    done = call("generate", "a red bicycle", "-n", "3", "-o", "bike.png")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "bike-1.png\n"
    assert "\nwarning: " in done.stderr
    assert files(folder) == ["bike-1.png"]


@pytest.mark.parametrize(
    ("fault", "code", "exit_code"),
    [
        (Fault.MODERATION_BLOCKED, "moderation_blocked", 3),
        (Fault.GATEWAY_TIMEOUT, None, 6),
        (Fault.INVALID_API_KEY, "upstream_denied", 1),
    ],
)
def test_failures_have_their_exit_codes(
    call: Call, folder: Path, vendor: OpenAIVendor, fault: Fault, code: str, exit_code: int
) -> None:
    vendor.always(fault)
    try:
        plain = call("generate", "a red bicycle", "-o", "bike.png")
        told = call("generate", "a red bicycle", "-o", "bike.png", "--json")
    finally:
        vendor.reset()
    assert (plain.exit_code, told.exit_code) == (exit_code, exit_code)
    assert plain.stdout == ""
    assert plain.stderr.startswith("darkroom: ")
    assert plain.stderr.count("\n") == 1
    error = json.loads(told.stdout)["error"]
    assert code is None or error["code"] == code
    assert error["job_id"]
    assert error["request_id"].startswith("req_")
    assert files(folder) == []


@pytest.mark.parametrize("options", [("-m", "no-such-model"), ("-s", "tall"), ("-q", "splendid")])
def test_what_the_server_cannot_accept_is_a_usage_error(
    call: Call, options: tuple[str, ...]
) -> None:
    done = call("generate", "a red bicycle", *options)
    assert done.exit_code == 2
    assert done.stderr.startswith("darkroom: ")
    assert done.stderr.count("\n") == 1


def test_a_dry_run_tells_the_request_and_the_price_and_makes_nothing(
    call: Call, folder: Path, vendor: OpenAIVendor
) -> None:
    words = ("generate", "ein rotes Fahrrad", "-q", "low", "-s", "1024x1024", "-o", "new/a.webp")
    shown = call(*words, "--dry-run")
    assert shown.exit_code == 0, shown.stderr
    assert re.match(r"POST http://127\.0\.0\.1:\d+/v1/images/generations\n\{\n", shown.stdout)
    assert " expected, " in shown.stdout
    told = json.loads(call(*words, "--dry-run", "--json").stdout)
    assert told["dry_run"] is True
    assert told["request"]["fields"] == {
        "prompt": "ein rotes Fahrrad",
        "size": "1024x1024",
        "quality": "low",
        "output_format": "webp",
        "n": 1,
    }
    assert told["quote"]["expected"]["nanos"] > 0
    assert not vendor.received
    assert files(folder) == []


def test_what_a_dry_run_expects_is_what_is_charged(call: Call, vendor: OpenAIVendor) -> None:
    words = ("generate", "a red bicycle", "-q", "low", "-s", "1024x1024", "-o", "a.png", "--json")
    quote = json.loads(call(*words, "--dry-run").stdout)["quote"]
    charge = json.loads(call(*words).stdout)["charge"]
    assert 0 < charge["nanos"] <= quote["max"]["nanos"]
    assert vendor.received[-1].params["quality"] == "low"
