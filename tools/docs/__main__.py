"""``python -m tools.docs``: check the documentation, or with ``--write`` make its pages anew."""

import argparse
import sys
from pathlib import Path

from tools.docs import commands, links, pages

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run docs", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="only check (the default)")
    mode.add_argument("--write", action="store_true", help="write the generated pages first")
    if parser.parse_args().write:
        for path in pages.write(ROOT):
            print(f"wrote {path}")
    texts = links.markdown_files(ROOT)
    problems = [
        *pages.stale(ROOT),
        *links.broken(ROOT, texts),
        *commands.unknown(ROOT, texts),
    ]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"docs: {len(texts)} pages, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
