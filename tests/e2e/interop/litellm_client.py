"""LiteLLM against a gateway: told by the environment, answers with one JSON line."""

import base64
import importlib
import json
import os
import sys
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it fetches one while it is imported
litellm = importlib.import_module("litellm")  # it lives in an environment of its own

COMMON = {
    "model": "openai/gpt-image-1.5",
    "api_base": os.environ["BASE_URL"],
    "api_key": os.environ["API_KEY"],
    "quality": "low",
    "num_retries": 0,
}


def edges(answer: object) -> list[int]:
    images = [base64.b64decode(image.b64_json) for image in answer.data]  # type: ignore[attr-defined]
    return [int.from_bytes(image[16:20], "big") for image in images]


generated = litellm.image_generation(prompt="a boat", n=2, size="1024x1024", **COMMON)
with Path(os.environ["PICTURE"]).open("rb") as picture:
    edited = litellm.image_edit(prompt="a hat", image=[picture], **COMMON)
try:
    litellm.image_generation(prompt="x", size="1x1", **COMMON)
    refused = None
except litellm.BadRequestError as error:
    refused = [error.status_code, "1x1" in str(error)]

said = {
    "generated": edges(generated),
    "edited": edges(edited),
    "tokens": generated.usage.total_tokens > 0,
    "refused": refused,
}
sys.stdout.write(json.dumps(said) + "\n")
