"""Runs the documentation's code blocks one after another, each as a script of its own."""

import site
import sys
from pathlib import Path

USES_AN_EARLIER_ADAPTER = (
    "from tryon.api.openAI.image_adapter import GPTImageAdapter\nadapter = GPTImageAdapter()"
)


def main(purelib: str, *blocks: str) -> None:
    site.addsitedir(purelib)  # as an installed package does it: reads the .pth file
    for block in blocks:
        code = Path(block).read_text(encoding="utf-8")
        names: dict[str, object] = {"__name__": "__main__"}
        if "import GPTImageAdapter" not in code:
            exec(USES_AN_EARLIER_ADAPTER, names)  # noqa: S102
        exec(compile(code, block, "exec"), names)  # noqa: S102


if __name__ == "__main__":
    main(*sys.argv[1:])
