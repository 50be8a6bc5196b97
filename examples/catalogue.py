"""A product catalogue from a CSV file: every product in every size, named, with what each cost."""

import argparse
import csv
import sys
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from darkroom_client import APIError, Client, ContentPolicyViolation, JobFailed, JobHandle, Money

PRODUCTS = Path(__file__).with_name("products.csv")
SIZES = {"tile": "1024x1024", "banner": "1536x1024", "story": "1024x1536"}
STYLE = "Product photograph of {description}. Soft light, plain background, no text."


def submit(client: Client, prompt: str, size: str) -> JobHandle:
    """Hand the picture in. The key names what is asked for: a second run buys nothing again."""
    key = str(uuid5(NAMESPACE_URL, f"catalogue {size} {prompt}"))
    return client.submit(prompt, size=size, quality="low", idempotency_key=key)


def catalogue(client: Client, products: Path, out: Path) -> int:
    """Make all pictures, and write what each cost to ``costs.csv``; how many are missing."""
    with products.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    # Everything is handed in first, so that the server works on several pictures at a time.
    jobs: list[tuple[str, str, JobHandle]] = []
    for row in rows:
        prompt = STYLE.format(description=row["description"])
        jobs += [(row["sku"], name, submit(client, prompt, SIZES[name])) for name in SIZES]

    costs: list[tuple[str, str, str, str]] = []
    total, missing = Money(0), 0
    for sku, name, job in jobs:
        try:
            result = job.wait()
        except (ContentPolicyViolation, JobFailed) as error:  # one less, and the rest goes on
            print(f"{sku} {name}: {error}", file=sys.stderr)
            missing += 1
            continue
        (path,) = result.save_all(out, f"{sku}-{name}")
        cost = result.cost or Money(0)
        total += cost
        costs.append((sku, SIZES[name], path.name, cost.usd))

    with (out / "costs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("sku", "size", "file", "usd"), *costs])
    for sku, size, picture, usd in costs:
        print(f"{sku:10} {size:10} {picture:22} ${usd}")
    print(f"{len(costs)} pictures, total {total}")
    return missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("out"))
    parser.add_argument("--products", type=Path, default=PRODUCTS)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with Client() as client:
        missing = catalogue(client, asked.products, asked.out)
    if missing:
        sys.exit(
            f"{missing} pictures were not made and cost nothing: describe them anew, and run again."
        )


if __name__ == "__main__":
    try:
        main()
    except APIError as error:
        sys.exit(f"The catalogue was not made: {error}")
