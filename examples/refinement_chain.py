"""One picture, refined step by step: each step edits the one before and remembers it."""

import argparse
import json
import sys
from pathlib import Path

from darkroom_client import APIError, Client, Money

START = "A small sailing boat in a quiet harbour, watercolour"
STEPS = ("Make the sail red", "Let it be night, with a full moon")


def refine(client: Client, prompts: tuple[str, ...], out: Path) -> None:
    """The first picture and every edit of it, and their lineage in ``lineage.json``.

    Each step is saved before the next is asked for: what was paid for is kept.
    """
    lineage: list[dict[str, object]] = []
    total, last = Money(0), None
    for number, prompt in enumerate(prompts, start=1):
        parent = last
        if parent is None:
            last = client.generate(prompt, size="1024x1024", quality="low")
        else:
            last = parent.image.edit(prompt, size="1024x1024", quality="low")

        (path,) = last.save_all(out, f"step-{number}")
        cost = last.cost or Money(0)
        total += cost
        lineage.append(
            {
                "file": path.name,
                "prompt": prompt,
                "job": last.job_id,
                "made_from": None if parent is None else parent.job_id,
                "usd": cost.usd,
            }
        )
        (out / "lineage.json").write_text(json.dumps(lineage, indent=2) + "\n", encoding="utf-8")
        print(f"{path.name}  {cost}  {prompt}")
    print(f"{len(prompts)} steps, total {total}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("out"))
    parser.add_argument("--prompt", default=START)
    parser.add_argument("--step", action="append", help="repeat it for several steps")
    asked = parser.parse_args()
    with Client() as client:
        refine(client, (asked.prompt, *(asked.step or STEPS)), asked.out)


if __name__ == "__main__":
    try:
        main()
    except APIError as error:
        sys.exit(f"The chain ends here: {error}")
