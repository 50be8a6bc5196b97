"""Accounts that share a server: what each of them owns, and every call that could name it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from darkroom.server.openapi.document import shown_path
from darkroom.server.openapi.groups import GROUPS
from darkroom.server.openapi.operations import Access, Group, Operation
from tests.server.client import GENERATE, asking, client, photo
from tests.support.running import Running

MARK = "quietharbour"
"""In everything that an owner writes: it must be in nobody else's answers."""
SHARED = frozenset({"name", "deployment", "deployment_id", "edge"})
"""Parameters of paths that name what belongs to no account."""
LINKED = ("/assets/{name}", "/assets/{asset_id}/{edge}.webp")
"""Whoever has a signed link may read what it leads to: see the tests of links."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """One of everything. ``ids``: by document and the name of the path's parameter."""

    ids: Mapping[tuple[str, str], str]
    marks: frozenset[str]
    """What would show that something of it was told."""
    inside: Mapping[str, str] = field(default_factory=dict[str, str])
    """Ids that bodies and queries name."""


@dataclass(frozen=True, slots=True)
class Call:
    operation: Operation
    path: str

    def __str__(self) -> str:
        return f"{self.operation.method} {self.path}"


def belongings(gateway: Running, key: str) -> Belongings:
    """Make them, for the account of this key. The gateway may send webhooks to this machine."""
    with client(gateway, key) as http:
        job = _made(http.post(GENERATE, json=asking(prompt=MARK)))
        job_id = http.get("/v1/jobs", params={"limit": 1}).json()["data"][0]["id"]
        told = http.get(f"/v1/jobs/{job_id}").json()
        file = _made(
            http.post("/v1/files", files={"file": (f"{MARK}.png", photo(MARK), "image/png")})
        )
        tool = {"type": "image_generation", "model": "gpt-image-1.5", "quality": "low"}
        turn = {"input": MARK, "tools": [tool], "background": True, "store": True}
        response = _made(http.post("/v1/responses", json=turn))
        hook = {"url": f"http://127.0.0.1:9/{MARK}"}  # nobody listens there
        endpoint = _made(http.post("/v1/webhooks/endpoints", json=hook))
        delivery = _made(http.post(f"/v1/webhooks/endpoints/{endpoint['id']}/test"))
        session = http.get("/v1/session").json()
    asset = told["assets"][0]
    ids = {
        ("openai", "file_id"): file["id"],
        ("evolink", "file_id"): file["id"],
        ("responses", "response_id"): response["id"],
        ("apiframe", "job_id"): job_id,
        ("evolink", "job_id"): job["id"],
        ("darkroom", "job_id"): job_id,
        ("darkroom", "key_id"): session["key"]["id"],
        ("darkroom", "endpoint_id"): endpoint["id"],
        ("darkroom", "delivery_id"): delivery["id"],
    }
    secrets = {asset["sha256"], asset["id"], endpoint["secret"], session["account"]["id"]}
    inside = {"job": job_id, "file": file["id"], "asset": asset["id"], "tool": tool["type"]}
    return Belongings(ids, frozenset({MARK, *secrets}), inside)


def calls() -> Iterator[tuple[Group, Operation, str]]:
    """Every documented path with each of its methods."""
    for group in GROUPS.values():
        for operation in group.operations:
            for path in operation.paths:
                yield group, operation, path


def naming(owned: Belongings) -> Iterator[Call]:
    """Every call whose path names something that belongs to somebody."""
    for group, operation, path in calls():
        shown = shown_path(path)
        names = _parameters(shown) - SHARED
        if not names or path in LINKED:
            continue
        for name in names:
            assert (group.name, name) in owned.ids, (
                f"{operation.method} {path} names somebody's {name!r}: add an example of one to"
                f" belongings() in tests/hostile/tenants.py, under ({group.name!r}, {name!r})"
            )
            shown = shown.replace(f"{{{name}}}", owned.ids[group.name, name])
        yield Call(operation, shown.replace("{deployment}", "any"))


def plain() -> Iterator[Call]:
    """Every call with made-up ids: what is asked before anything is looked for."""
    for _, operation, path in calls():
        shown = shown_path(path).replace("{edge}", "320")
        for name in _parameters(shown):
            shown = shown.replace(f"{{{name}}}", "made-up")
        yield Call(operation, shown)


def lists() -> Iterator[Call]:
    """Every call that reads without naming anything."""
    for _, operation, path in calls():
        if operation.method == "GET" and "{" not in path and operation.access is Access.KEY:
            yield Call(operation, path)


def body_of(call: Call) -> dict[str, Any]:
    """What makes the call's body acceptable, so that the refusal is about the id."""
    if call.path.endswith("/refunds"):
        return {"reason": "none"}
    return {"name": "other"} if "/keys/" in call.path and call.operation.body else {}


def _parameters(path: str) -> set[str]:
    return {part.partition("}")[0] for part in path.split("{")[1:]}


def _made(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code < 300, answer.text
    return answer.json()
