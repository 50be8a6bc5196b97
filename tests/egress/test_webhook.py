"""Sending webhooks: what reaches the other side, what comes back, and what is never called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from darkroom.egress import WebhookSender
from darkroom.egress.webhook import Reply
from tests.egress.test_public import HOSTS, INTERNAL, Names, Site, page, site

__all__ = ["site"]
_HEADERS = {"content-type": "application/json", "webhook-id": "1"}


@asynccontextmanager
async def sending(**options: Any) -> AsyncIterator[WebhookSender]:
    options.setdefault("allow_local", True)
    sender = WebhookSender(**options)
    try:
        yield sender
    finally:
        await sender.close()


async def posted(url: str, **options: Any) -> Reply:
    async with sending(**options) as sender:
        return await sender.post(url, _HEADERS, b"{}")


async def test_the_body_and_the_headers_arrive(site: Site) -> None:
    site.pages["/hook"] = page(b"thanks", headers={"Retry-After": "7", "Set-Cookie": "a=b"})
    async with sending() as sender:
        for _ in range(2):
            reply = await sender.post(f"{site.url}/hook", _HEADERS, b"{}")
            assert (reply.status, reply.error, reply.retry_after) == (200, "", "7")
    for head in site.requests:
        assert head.startswith(b"POST /hook HTTP/1.1")
        assert b"webhook-id: 1" in head
        assert b"cookie" not in head.lower()
    assert site.accepted == 2, "each delivery has a connection of its own"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(site: Site, status: int) -> None:
    site.redirect("/hook", f"{site.url}/image", status)
    assert (await posted(f"{site.url}/hook")).status == status
    assert len(site.requests) == 1


async def test_silence_ends_after_the_time_for_the_whole_attempt(site: Site) -> None:
    site.pages["/slow"] = b""
    assert await posted(f"{site.url}/slow", timeout_s=0.1) == Reply(error="timeout")


async def test_of_an_endless_answer_only_a_few_bytes_are_read(site: Site) -> None:
    site.pages["/endless"] = b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n"
    site.endless.add("/endless")
    assert (await posted(f"{site.url}/endless", timeout_s=5)).status == 200
    async with asyncio.timeout(5):
        await site.hung_up.wait()


async def test_the_status_counts_though_the_answer_never_comes(site: Site) -> None:
    site.pages["/silent"] = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n"
    assert await posted(f"{site.url}/silent", timeout_s=5) == Reply(200)


async def test_garbage_and_closed_ports_have_their_words(site: Site) -> None:
    site.pages["/garbage"] = b"220 smtp ready\r\n\r\n"
    assert (await posted(f"{site.url}/garbage")).error == "broken"
    assert (await posted("http://127.0.0.1:1/")).error == "connect_failed"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_an_internal_address_is_not_even_connected_to(
    site: Site, host: str, scheme: str
) -> None:
    reply = await posted(
        f"{scheme}://{host}:{site.port}/hook", allow_local=False, resolver=Names(INTERNAL)
    )
    assert reply.status is None
    assert reply.error in ("blocked_address", "broken", "connect_failed")
    assert site.accepted == 0


@pytest.mark.parametrize("name", ["metadata.example", "mixed.example", "six.example"])
async def test_a_name_that_leads_inside_is_blocked_when_it_is_connected_to(name: str) -> None:
    for allow_local in (False, True):
        reply = await posted(f"https://{name}/", allow_local=allow_local, resolver=Names(INTERNAL))
        assert reply == Reply(error="blocked_address")


async def test_a_name_that_changes_its_mind_is_judged_anew(site: Site) -> None:
    names = {"rebind.example": ["127.0.0.1"]}
    async with sending(resolver=Names(names)) as sender:
        url = f"http://rebind.example:{site.port}/image"
        assert (await sender.post(url, _HEADERS, b"{}")).status == 200
        names["rebind.example"] = ["10.0.0.1"]
        assert (await sender.post(url, _HEADERS, b"{}")).error == "blocked_address"
    assert site.accepted == 1


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://93.184.216.34/", "ftp://127.0.0.1/"])
async def test_the_development_switch_reaches_loopback_alone(url: str) -> None:
    assert await posted(url) == Reply(error="blocked_address")
