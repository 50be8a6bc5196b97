"""Fetches a URL that a caller gave us: public addresses only, few redirects, bounded."""

import asyncio
from collections.abc import Callable
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from darkroom.core.errors import InvalidImage
from darkroom.egress.guard import (
    PORTS,
    AddressGuard,
    BlockedAddress,
    GuardedResolver,
    MakeSocket,
    blocked,
    guarded_socket,
    is_literal,
)

_REDIRECTS_MAX = 3
_URL_LENGTH_MAX = 8_192


class PublicFetcher:
    """``any_port`` and the guard's ``allow`` list are for development and private networks."""

    def __init__(
        self,
        guard: AddressGuard,
        *,
        any_port: bool = False,
        resolver: AbstractResolver | None = None,
        timeout_s: float = 30.0,
        sockets: MakeSocket | None = None,
    ) -> None:
        self._guard = guard
        self._any_port = any_port
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._sockets = sockets
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, write: Callable[[bytes], None]) -> None:
        """Stream the body of ``url`` into ``write``, which may raise to stop it.

        Raises :class:`~darkroom.core.errors.InvalidImage` with a message for the caller, which
        never tells what an internal address answered.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._follow(url, write)
        except BlockedAddress as error:
            raise InvalidImage(
                "The image URL does not point to a public address. Upload the image instead."
            ) from error
        except TimeoutError as error:
            raise InvalidImage("The image URL did not answer in time.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if blocked(error):
                raise InvalidImage(
                    "The image URL does not point to a public address. Upload the image instead."
                ) from error
            raise InvalidImage("The image URL could not be downloaded.") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _follow(self, url: str, write: Callable[[bytes], None]) -> None:
        target = self._checked(url)
        for _ in range(_REDIRECTS_MAX + 1):
            async with self._client().get(target, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308):
                    location = response.headers.get("location", "")
                    target = self._checked(str(target.join(URL(location))))
                    continue
                if response.status != 200:
                    raise InvalidImage(
                        f"The image URL answered with HTTP status {response.status}."
                    )
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise InvalidImage("The image URL answered with a compressed body.")
                while piece := await response.content.readany():
                    write(piece)
                return
        raise InvalidImage(f"The image URL redirects more than {_REDIRECTS_MAX} times.")

    def _checked(self, text: str) -> URL:
        if len(text) > _URL_LENGTH_MAX:
            raise InvalidImage(f"The image URL is longer than {_URL_LENGTH_MAX:,} characters.")
        try:
            url = URL(text)
            host, port = url.host, url.port
        except ValueError as error:
            raise InvalidImage("The image URL is malformed.") from error
        if url.scheme not in ("http", "https") or not host:
            raise InvalidImage("An image URL starts with https:// or http://, or is a data: URL.")
        if url.user is not None or url.password is not None:
            raise InvalidImage("An image URL must not carry a user name or password.")
        if not self._any_port and port not in PORTS:
            raise InvalidImage(f"An image URL may use the ports {', '.join(map(str, PORTS))}.")
        self._refuse_literal(host)
        return url

    def _refuse_literal(self, host: str) -> None:
        if is_literal(host) and not self._guard.permits(host):
            raise BlockedAddress(f"{host} is not a public address")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=GuardedResolver(self._guard, self._resolver),
                    socket_factory=partial(guarded_socket, self._guard, self._sockets),
                    use_dns_cache=False,
                    limit=64,
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "image/*", "Accept-Encoding": "identity"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=10),
                trust_env=False,
            )
        return self._session
