"""New pictures in a brand's style, taken from reference images."""

import argparse
import sys
from pathlib import Path

from darkroom_client import APIError, Client, Money

BRAND = (
    "A flat poster of a lighthouse in navy blue and coral, thick outlines, paper grain",
    "A flat poster of a sailing boat in navy blue and coral, thick outlines, paper grain",
)
SUBJECTS = {"bicycle": "a bicycle by the sea", "cafe": "a small coffee shop with a lantern"}
ASK = "Draw {subject} in the style of the reference images: same colours, outlines and grain."


def made_up_references(client: Client, out: Path) -> tuple[list[Path], Money]:
    """Two pictures that stand for a brand's own; what they cost."""
    paths: list[Path] = []
    total = Money(0)
    for number, prompt in enumerate(BRAND, start=1):
        result = client.generate(prompt, size="1024x1024", quality="low")
        paths += result.save_all(out, f"reference-{number}")
        total += result.cost or Money(0)
    return paths, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("out"))
    parser.add_argument(
        "--reference",
        action="append",
        type=Path,
        help="a picture of the brand; repeat it for several. Without any, two are made first",
    )
    asked = parser.parse_args()

    total = Money(0)
    with Client() as client:
        references = asked.reference
        if not references:
            references, total = made_up_references(client, asked.out)

        # References are input tokens, and may cost more than the picture: look before you buy.
        asks = {name: ASK.format(subject=subject) for name, subject in SUBJECTS.items()}
        price = client.quote(asks["bicycle"], references, size="1024x1536", quality="low")
        counted = "1 reference" if len(references) == 1 else f"{len(references)} references"
        print(f"{counted}, about {price.expected} for each new picture")

        jobs = {
            name: client.submit_edit(ask, references, size="1024x1536", quality="low")
            for name, ask in asks.items()
        }
        for name, job in jobs.items():
            result = job.wait()
            (path,) = result.save_all(asked.out, f"brand-{name}")
            print(f"{path.name}  {result.cost}  ({result.usage.input_image} tokens of references)")
            total += result.cost or Money(0)
    print(f"{len(jobs)} new pictures, total {total}")


if __name__ == "__main__":
    try:
        main()
    except (APIError, OSError) as error:
        sys.exit(f"The pictures were not made: {error}")
