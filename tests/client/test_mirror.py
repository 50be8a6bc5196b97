"""Both clients offer the same, and loading them costs nothing until somebody asks."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import darkroom_client as sdk
from darkroom_client import AsyncClient, Client

PAIRS: list[tuple[str, Callable[[Any], object]]] = [
    ("client", lambda client: client),
    *((name, lambda client, name=name: getattr(client, name)) for name in ("jobs", "keys")),
    *(
        (name, lambda client, name=name: getattr(client, name))
        for name in ("billing", "webhooks", "deployments")
    ),
    ("handle", lambda client: client.jobs.handle("job-1")),
]
CLASSES = [
    (sdk.JobStream, sdk.AsyncJobStream),
    (sdk.Image, sdk.AsyncImage),
    (sdk.Result, sdk.AsyncResult),
]
# The only parameter that cannot be the same.
_DIFFERENT = re.compile(r"transport: [^,]+,")


def surface(thing: object) -> dict[str, str]:
    """Public names with their parameters, the async world's words taken out."""
    found: dict[str, str] = {}
    for name in dir(thing):
        if name.startswith("_") and name != "__init__":
            continue
        value = getattr(thing, name)
        shape = str(inspect.signature(value)) if callable(value) else "a value"
        plain = re.sub(r"(?<![a-z])(Async|Sync)(?=[A-Z])|_async|async_", "", shape)
        found[name] = _DIFFERENT.sub("", plain.replace("results.Async", "results."))
    return found


@pytest.mark.parametrize(("name", "part"), PAIRS, ids=[name for name, _ in PAIRS])
def test_every_part_of_one_client_is_in_the_other(name: str, part: Callable[[Any], object]) -> None:
    with Client("http://server.example", "k") as client:
        one, other = surface(part(client)), surface(part(AsyncClient("http://server.example")))
    assert one == other
    assert len(one) > 4


@pytest.mark.parametrize(("blocking", "awaiting"), CLASSES)
def test_what_they_hand_out_is_the_same(blocking: type, awaiting: type) -> None:
    assert surface(blocking).keys() == surface(awaiting).keys()


def test_methods_that_are_written_once_keep_their_words() -> None:
    with Client("http://server.example", "k") as client:
        assert client.keys.revoke.__name__ == "revoke"
        assert "Raises" in (client.keys.revoke.__doc__ or "")
        called = inspect.signature(client.jobs.list)
        assert list(called.parameters) == ["limit", "cursor", "state"]
        assert called.return_annotation is sdk.JobPage


def python(code: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_package_loads_nothing_by_itself() -> None:
    code = """
import sys
before = set(sys.modules)
import darkroom
print(*sorted(set(sys.modules) - before))
"""
    assert python(code).split() == ["darkroom"]


def test_darkroom_offers_the_client_and_loads_it_when_asked() -> None:
    code = """
import sys, darkroom
before = {"darkroom_client", "httpx2"} & set(sys.modules)
from darkroom import AsyncClient, Client
import darkroom_client
server = {"darkroom.server", "darkroom.settings", "PIL", "sqlalchemy"} & set(sys.modules)
print(before or "", server or "", Client is darkroom_client.Client,
      AsyncClient is darkroom_client.AsyncClient, hasattr(darkroom, "Server"))
"""
    assert python(code).split() == ["True", "True", "False"]
