"""OpenAI's own JavaScript SDK, unmodified, against the gateway."""

import json
import time
from pathlib import Path
from typing import Any

from darkroom.webhooks.signing import new_secret, signed
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.packages import Node
from tests.support.running import Running, deployment


def test_generate_edit_and_stream(
    node: Node, gateway: Running, openai_vendor: OpenAIVendor, tmp_path: Path, photo: Path
) -> None:
    base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key, "PICTURE": str(photo)}
    said = node.run("openai_sdk.mjs", tmp_path, **base)
    models = said.pop("models")
    assert "gpt-image-1.5" in models
    assert said == {
        "generated": [1024, 1024],
        "usage": True,
        "edited": [1024],
        "many": [1024, 1024],
        "events": [
            ["image_generation.partial_image", 0, 1024],
            ["image_generation.partial_image", 1, 1024],
            ["image_generation.completed", None, 1024],
        ],
        "edits": [["image_edit.completed", True]],
        "refused": ["BadRequestError", 400, "unsupported_value", "size"],
        "file": len(photo.read_bytes()),
    }
    assert [len(each.files) for each in openai_vendor.received] == [0, 1, 2, 0, 1]


def test_white_space_before_an_answer_that_takes_long(
    node: Node, openai_vendor: OpenAIVendor, tmp_path: Path
) -> None:
    openai_vendor.next(Fault.NONE, times=2, delay_s=0.2)
    options: dict[str, Any] = {"keepalive_after_s": 0.01, "keepalive_every_s": 0.01}
    with Running(tmp_path / "data", deployments=[deployment(openai_vendor)], **options) as gateway:
        base = {"BASE_URL": f"{gateway.url}/v1", "API_KEY": gateway.key}
        said = node.run("openai_waiting.mjs", tmp_path, **base)
    assert said == {"sdk": 1024, "spaces": True, "fetched": 1}


def test_a_webhook_is_verified(node: Node, tmp_path: Path) -> None:
    """Standard Webhooks' headers are what OpenAI's SDK checks."""
    body = json.dumps({"type": "image.job.completed", "data": {"job": "one"}})
    old, new = new_secret(), new_secret()
    headers = signed([new, old], "msg_1", int(time.time()), body.encode())
    given = {"BODY": body, "HEADERS": json.dumps(headers)}
    said = node.run("openai_webhook.mjs", tmp_path, SECRET=old.reveal(), **given)
    assert said == {"type": "image.job.completed", "tampered": "InvalidWebhookSignatureError"}
