"""API keys over HTTP: names that change, and keys that end by themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.server.client import refusal


def later(**away: float) -> str:
    return (datetime.now(UTC) + timedelta(**away)).isoformat(timespec="milliseconds")


def test_a_key_is_renamed(http: httpx2.Client) -> None:
    made = http.post("/v1/keys", json={"name": "before"}).json()
    changed = http.patch(f"/v1/keys/{made['id']}", json={"name": "after"}).json()
    assert (changed["name"], changed["account"]) == ("after", "before")
    refused = http.patch(f"/v1/keys/{made['id']}", json={"name": "two\nlines"})
    assert refusal(refused, 400)["param"] == "name"


def test_an_end_is_taken_back(http: httpx2.Client) -> None:
    made = http.post("/v1/keys", json={"name": "endless", "expires_at": later(days=9)}).json()
    assert made["expires_at"] is not None
    changed = http.patch(f"/v1/keys/{made['id']}", json={"expires_at": None}).json()
    assert changed["expires_at"] is None
    [listed] = [key for key in http.get("/v1/keys").json()["data"] if key["id"] == made["id"]]
    assert listed["expires_at"] is None


@pytest.mark.parametrize("ends", ["yesterday", "2020-01-01", 7, "2020-01-01T00:00:00Z", True])
def test_odd_ends(http: httpx2.Client, ends: Any) -> None:
    refused = http.post("/v1/keys", json={"name": f"odd {ends}", "expires_at": ends})
    assert refusal(refused, 400)["param"] == "expires_at"
    [own, *_] = http.get("/v1/keys").json()["data"]
    assert refusal(http.patch(f"/v1/keys/{own['id']}", json={"expires_at": ends}), 400)
