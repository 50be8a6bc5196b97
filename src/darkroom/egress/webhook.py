"""Sends webhooks to addresses that callers named: one POST, judged at connect, not redirected."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from darkroom.egress.guard import (
    AddressGuard,
    GuardedResolver,
    LoopbackGuard,
    MakeSocket,
    blocked,
    guarded_socket,
    is_literal,
)

_TIMEOUT_S = 10.0
_ANSWER_BYTES_MAX = 4_096
_ANSWER_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: an HTTP status, or else a word for why there is none.

    ``error``: timeout, blocked_address, tls_failed, connect_failed or broken.
    """

    status: int | None = None
    error: str = ""
    retry_after: str = ""
    """The header of that name as sent: seconds or an HTTP date."""


class Sender(Protocol):
    """Makes one attempt. Never raises for what the other side does."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply: ...


class WebhookSender:
    """Each attempt has a connection of its own, so that its address is judged anew.

    Public addresses only; with ``allow_local`` plain http reaches loopback, and nothing else.
    """

    def __init__(
        self,
        *,
        allow_local: bool = False,
        resolver: AbstractResolver | None = None,
        timeout_s: float = _TIMEOUT_S,
        sockets: MakeSocket | None = None,
    ) -> None:
        self._guards: dict[str, AddressGuard] = {"https": AddressGuard()}
        if allow_local:
            self._guards["http"] = LoopbackGuard()
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._sockets = sockets
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(URL(url), headers, body)
        except TimeoutError:
            return Reply(error="timeout")
        except (aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch):
            return Reply(error="tls_failed")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if blocked(error):
                return Reply(error="blocked_address")
            reached = not isinstance(error, aiohttp.ClientConnectorError)
            return Reply(error="broken" if reached else "connect_failed")

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    async def _post(self, url: URL, headers: Mapping[str, str], body: bytes) -> Reply:
        guard, host = self._guards.get(url.scheme), url.host or ""
        if guard is None or not host or (is_literal(host) and not guard.permits(host)):
            return Reply(error="blocked_address")
        async with self._session(url.scheme, guard).post(
            url, data=body, headers=headers, allow_redirects=False
        ) as response:
            await _heard_out(response)
            return Reply(response.status, retry_after=response.headers.get("retry-after", ""))

    def _session(self, scheme: str, guard: AddressGuard) -> aiohttp.ClientSession:
        if scheme not in self._sessions:
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=GuardedResolver(guard, self._resolver),
                    socket_factory=partial(guarded_socket, guard, self._sockets),
                    use_dns_cache=False,
                    force_close=True,
                    limit=0,
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
            )
        return self._sessions[scheme]


async def _heard_out(response: aiohttp.ClientResponse) -> None:
    """Some receivers break when nobody listens to their answer, so a little of it is read.

    The status has said all: an answer that stays away or breaks off takes nothing back.
    """
    with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(_ANSWER_WAIT_S):
            await response.content.read(_ANSWER_BYTES_MAX)
