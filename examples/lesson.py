"""One structured prompt in three sizes, in a small HTML report that compares what each cost."""

import argparse
import base64
import sys
from html import escape
from pathlib import Path

from darkroom_client import APIError, Client, ContentPolicyViolation, Money, Result

PROMPT = """\
Subject: a golden retriever in a field of sunflowers
Light: early morning, low sun
Style: photorealistic, shallow depth of field
Avoid: text, people"""
MODEL, SIZES = "gpt-image-1.5", ("1024x1024", "1792x1024", "1024x1792")
PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>One prompt, three sizes</title>
<style>
  body {{ font: 16px system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
  img {{ max-height: 22rem; max-width: 100% }}
  figure {{ display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top }}
  td, th {{ padding: .3rem 1rem .3rem 0; text-align: left }}
</style>
<h1>One prompt, three sizes</h1>
<pre>{prompt}</pre>
{figures}
<table>
<tr><th>Size</th><th>Model</th><th>Tokens</th><th>Cost</th></tr>
{rows}
<tr><th>Total</th><td></td><td></td><th>{total}</th></tr>
</table>
</html>
"""


def report(prompt: str, made: dict[str, Result], total: Money) -> str:
    """The page; the pictures are inside of it."""
    figures, rows = "", ""
    for size, result in made.items():
        data = base64.b64encode(result.image.bytes).decode()
        source = f"data:image/{result.image.format};base64,{data}"
        figures += f'<figure><img src="{source}" alt="{size}"><figcaption>{size}</figure>\n'
        cells = (size, result.model, f"{result.usage.total:,}", str(result.cost))
        rows += "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"
    return PAGE.format(prompt=escape(prompt), figures=figures, rows=rows, total=total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("out"))
    parser.add_argument("--prompt", default=PROMPT)
    asked = parser.parse_args()

    made: dict[str, Result] = {}
    with Client() as client:
        for size in SIZES:
            try:
                result = client.generate(asked.prompt, model=MODEL, size=size, quality="low")
            except ContentPolicyViolation as refusal:  # the others may still be made
                print(f"{size}: {refusal}", file=sys.stderr)
                continue
            result.save_all(asked.out, size)
            for warning in result.warnings:  # gpt-image-1.5 has no 1792x1024 of its own
                print(warning.message)
            made[size] = result
            print(f"{size}  {result.cost}")
    if not made:
        sys.exit("Every size was refused: change the prompt.")
    total = sum((result.cost or Money(0) for result in made.values()), Money(0))
    (asked.out / "report.html").write_text(report(asked.prompt, made, total), encoding="utf-8")
    print(f"{len(made)} pictures, total {total}")


if __name__ == "__main__":
    try:
        main()
    except APIError as error:
        sys.exit(f"The report was not made: {error}")
