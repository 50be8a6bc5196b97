"""The plain ``openai`` client, pointed at Darkroom: only the address and the key change."""

import argparse
import base64
import os
import sys
from pathlib import Path

from openai import APIError, OpenAI
from openai.types import ImagesResponse

PROMPT = "A red bicycle in a park"


def first(answer: ImagesResponse) -> bytes:
    """The first picture of an answer."""
    (picture, *_) = answer.data or []
    return base64.b64decode(picture.b64_json or "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("out"))
    parser.add_argument("--prompt", default=PROMPT)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)

    client = OpenAI(
        base_url=os.environ.get("DARKROOM_BASE_URL", "http://127.0.0.1:8000") + "/v1",
        api_key=os.environ["DARKROOM_API_KEY"],
    )

    # Darkroom's own wishes travel as headers, and its news come back as headers.
    answer = client.images.with_raw_response.generate(
        model="gpt-image-2",
        prompt=asked.prompt,
        size="1536x1024",
        quality="low",
        extra_headers={"X-Darkroom-Route": "cheapest"},
    )
    for name in ("charge-usd", "job", "deployment", "route", "warnings"):
        if told := answer.headers.get(f"x-darkroom-{name}"):
            print(f"{name}: {told}")

    # The body says the charge, too: of an answer that took long, the headers left before it.
    result = answer.parse()
    charge = (result.model_extra or {})["darkroom"]["charge_usd"]
    path = asked.out / "bicycle.png"
    path.write_bytes(first(result))

    # An edit, and the tokens that it took.
    with path.open("rb") as file:
        edited = client.images.edit(
            model="gpt-image-2",
            image=file,
            prompt="The same at night",
            size="1536x1024",
            quality="low",
        )
    (asked.out / "bicycle-night.png").write_bytes(first(edited))
    tokens = edited.usage.total_tokens if edited.usage else 0
    print(f"2 pictures, the first for ${charge}, the second with {tokens} tokens")


if __name__ == "__main__":
    try:
        main()
    except APIError as error:  # moderation included: its code is moderation_blocked
        sys.exit(f"The picture was not made: {error}")
