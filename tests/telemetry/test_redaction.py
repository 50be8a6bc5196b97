"""What looks like a secret, or is known to be one, is blotted out; what only looks odd stays."""

from collections.abc import Callable
from typing import Any

import pytest

from darkroom.core.secret import Secret
from darkroom.telemetry.redaction import hide, redacted, without_secrets

CANARY = "CANARY0123456789abcdefXYZ"


def cleaned(**event: Any) -> dict[str, Any]:
    return dict(without_secrets(None, "info", event))


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"Basic {CANARY}==",
        f"{{'authorization': 'Custom {CANARY}'}}",
        f"Cookie: session={CANARY}; other=1",
        f"x-goog: AIza{CANARY}",
        f"xai-{CANARY} is not valid",
        f"AKIA{CANARY}",
        f"ghp_{CANARY}",
        f"eyJ{CANARY}.{CANARY}.{CANARY}",
        f"https://host.example/assets/1.png?exp=1&sig={CANARY}",
        f"GET /assets/1.png?exp=1&sig={CANARY} HTTP/1.1",
        f"https://bucket.s3.example/key?X-Amz-Signature={CANARY}&X-Amz-Date=1",
        f"https://x.blob.example/c/b?sv=2025&sig={CANARY}%3D",
        f"postgresql://user:{CANARY}@db.example/darkroom",
        f"http://127.0.0.1:8000/#key={CANARY}",
        f"open http://127.0.0.1:8000/#token={CANARY} now",
    ],
)
def test_it_is_found_in_any_text(text: str) -> None:
    assert CANARY not in redacted(text)
    assert CANARY not in str(cleaned(event=f"it said: {text}", told=[{"deep": (text,)}]))


def test_the_rest_of_the_text_stays() -> None:
    said = redacted(f"cannot fetch https://host.example/a/b.png?sig={CANARY}: timeout")
    assert said == "cannot fetch https://host.example/a/b.png?…: timeout"
    assert redacted("postgresql://me:secret@db/x is away") == "postgresql://…@db/x is away"


@pytest.mark.parametrize(
    "text",
    [
        "a red bicycle? yes",
        "task-unified-1757165031-uyujaw3d",
        "gpt-image-1.5 at https://api.openai.example/v1/images/generations failed",
        "the key of deployment main was refused",
        "01a1fc2a-50e9-7865-8d5f-b809d54619f4/1",
        "basic training",
    ],
)
def test_innocent_texts_stay_as_they_are(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    "name",
    ["key", "api_key", "Authorization", "x-api-key", "link_key", "metrics_token", "password"],
)
def test_what_is_named_like_a_secret_is_never_shown(name: str) -> None:
    assert cleaned(**{name: "anything"}) == {name: "…"}
    assert cleaned(headers={name: "anything", "accept": "*/*"})["headers"][name] == "…"


def test_ids_and_counts_are_no_secrets() -> None:
    event = {"key_id": "k1", "output_tokens": 12, "keys_found": 2, "monkey": "chimp", "ok": None}
    assert cleaned(**event) == event


@pytest.mark.parametrize("kind", [Secret, str])
def test_a_known_secret_is_blotted_out_whatever_it_looks_like(kind: Callable[[str], Any]) -> None:
    odd = f"p.{kind.__name__}+pass/word {{}}"
    hide(kind(odd), kind(""), kind("short"))
    assert redacted(f"it is {odd}, in short") == "it is …, in short"


def test_objects_are_told_by_their_text_and_depth_ends() -> None:
    assert cleaned(error=ValueError(f"Bearer {CANARY}"))["error"] == "Bearer …"
    deep: Any = CANARY
    for _ in range(20):
        deep = [deep]
    assert CANARY not in str(cleaned(told=deep))


def test_a_long_text_loses_its_middle_and_no_half_of_a_secret_is_left() -> None:
    hide(secret := "odd/secret/" + "x" * 30)
    text = "first " + f"{secret} " * 1_000 + "last"
    said = redacted(text)
    assert len(said) < len(text) / 2
    assert said.startswith("first …")
    assert said.endswith("last")
    assert "odd" not in said
    assert "xx" not in said
    assert redacted("x" * 100_000) == " … "
