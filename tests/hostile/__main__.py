"""The long forms of these tests: ``python -m tests.hostile images --mutations 100000``."""

import sys
from collections.abc import Callable, Mapping

from tests.hostile import images, network, parsers, schema

_FORMS: Mapping[str, Callable[[list[str]], int]] = {
    "images": images.main,
    "network": network.main,
    "parsers": parsers.main,
    "schema": schema.main,
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in _FORMS:
        print(f"usage: python -m tests.hostile {{{','.join(_FORMS)}}} ...")
        return 2
    return _FORMS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
