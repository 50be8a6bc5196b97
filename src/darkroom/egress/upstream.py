"""Calls to the deployments that the operator configured: streamed, never redirected."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    InvalidImage,
    UpstreamBroken,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.ports import ImageWriter, Part, UpstreamResponse
from darkroom.core.result import SpooledImage
from darkroom.egress.json_body import json_payload
from darkroom.egress.public import PublicFetcher

_READ_BUFFER = 1 << 14
_FILE_PIECE = 1 << 18
_FAILURES = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""What aiohttp raises of a call, other than defects."""


class HttpEgress:
    """One client session for all deployments; connections are kept and not limited in number.

    ``fetcher`` downloads what answers link to on other hosts.
    """

    def __init__(self, fetcher: PublicFetcher) -> None:
        self._fetcher = fetcher
        self._session: aiohttp.ClientSession | None = None

    async def post_json(
        self, deployment: Deployment, path: str, body: Any, headers: dict[str, str]
    ) -> UpstreamResponse:
        headers = {"Content-Type": "application/json"} | headers
        return await self._send(
            "POST", _address(deployment, path), deployment, headers, json_payload(body)
        )

    async def post_form(
        self, deployment: Deployment, path: str, parts: list[Part], headers: dict[str, str]
    ) -> UpstreamResponse:
        with aiohttp.MultipartWriter("form-data") as form:
            for part in parts:
                _append(form, part)
        return await self._send("POST", _address(deployment, path), deployment, headers, form)

    async def get(
        self,
        deployment: Deployment,
        url: str,
        headers: dict[str, str],
        hosts: Sequence[str] = (),
    ) -> UpstreamResponse:
        target = _address(deployment, url) if url.startswith("/") else url
        if target is url and not (_same_origin(deployment, url) or _trusted(url, hosts)):
            raise UpstreamBroken(
                f"{deployment.id} refers to another host, which is not asked with its key."
            )
        return await self._send("GET", target, deployment, headers)

    async def download(self, deployment: Deployment, url: str, writer: ImageWriter) -> SpooledImage:
        target = _address(deployment, url) if url.startswith("/") else url
        try:
            if _same_origin(deployment, target):
                await self._copy(deployment, target, writer)
            else:
                await self._fetcher.fetch(target, writer.write)
        except InvalidImage as error:
            writer.discard()
            raise UpstreamBroken(
                f"The image of {deployment.id} could not be fetched: {error.message}"
            ) from error
        except BaseException:
            writer.discard()
            raise
        return writer.finish()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _copy(self, deployment: Deployment, url: str, writer: ImageWriter) -> None:
        response = await self._send("GET", url, deployment, {})
        try:
            if response.status != 200:
                raise UpstreamBroken(
                    f"The image of {deployment.id} answers with HTTP status {response.status}."
                )
            while piece := await response.read_piece():
                writer.write(piece)
        finally:
            await response.close()

    async def _send(
        self,
        method: str,
        url: str,
        deployment: Deployment,
        headers: dict[str, str],
        data: Any = None,
    ) -> UpstreamResponse:
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=deployment.connect_timeout_s, sock_read=deployment.timeout_s
        )
        try:
            response = await self._client().request(
                method,
                url,
                data=data,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            )
        except _FAILURES as error:
            raise _told_apart(error, deployment) from error
        return _Response(response, deployment)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                # A compressed answer costs 3 to 5 CPU ms per 2 MB, and images do not shrink.
                headers={"Accept-Encoding": "identity", "User-Agent": "darkroom"},
                read_bufsize=_READ_BUFFER,
                trust_env=False,
            )
        return self._session


class _Response:
    """An answer being read; see :class:`~darkroom.core.ports.UpstreamResponse`."""

    def __init__(self, response: aiohttp.ClientResponse, deployment: Deployment) -> None:
        self._response = response
        self._deployment = deployment
        self.status = response.status

    def header(self, name: str) -> str | None:
        return self._response.headers.get(name)

    async def read_piece(self) -> bytes:
        try:
            return await self._response.content.readany()
        except _FAILURES as error:
            raise _told_apart(error, self._deployment) from error

    async def read(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while piece := await self.read_piece():
            size += len(piece)
            if size > limit:
                raise UpstreamBroken(
                    f"{self._deployment.id} answered with more than {limit:,} bytes."
                )
            pieces.append(piece)
        return b"".join(pieces)

    async def close(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _told_apart(error: BaseException, deployment: Deployment) -> UpstreamError:
    """Tell "never sent" from "sent, outcome unknown"."""
    match error:
        case (
            aiohttp.ClientConnectorError()
            | aiohttp.ConnectionTimeoutError()
            | aiohttp.InvalidURL()
            | aiohttp.NonHttpUrlClientError()
        ):
            return UpstreamUnavailable(f"{deployment.id} could not be reached.")
        case TimeoutError():  # aiohttp's own is one, too
            return UpstreamTimeout(
                f"{deployment.id} did not answer within {deployment.timeout_s:.0f} s."
            )
        case _:
            return UpstreamBroken(f"{deployment.id} broke off the connection.")


def _address(deployment: Deployment, path: str) -> str:
    return deployment.base_url.rstrip("/") + path


def _same_origin(deployment: Deployment, url: str) -> bool:
    try:
        return URL(url).origin() == URL(deployment.base_url).origin()
    except ValueError:
        return False


def _trusted(url: str, hosts: Sequence[str]) -> bool:
    """Whether an address is https on one of the hosts; ``*.`` stands for any name below."""
    try:
        target = URL(url)
    except ValueError:
        return False
    if target.scheme != "https" or target.port != 443 or target.user or not target.host:
        return False
    host = target.host.lower()
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in hosts)


def _append(form: aiohttp.MultipartWriter, part: Part) -> None:
    if part.path is None:
        payload = form.append(part.value)
        payload.set_content_disposition("form-data", name=part.name)
        return
    payload = form.append_payload(_FilePayload(part.path, part.media_type))
    payload.set_content_disposition("form-data", name=part.name, filename=part.filename)


class _FilePayload(aiohttp.Payload):
    """A file read piece by piece on the loop: it lies in the page cache, a thread costs more."""

    def __init__(self, path: Path, media_type: str) -> None:
        super().__init__(path, content_type=media_type)
        self._path = path
        self._size = path.stat().st_size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("image files are not text")

    async def write(self, writer: Any) -> None:
        with self._path.open("rb") as file:
            while piece := file.read(_FILE_PIECE):
                await writer.write(piece)

    async def write_with_length(self, writer: Any, content_length: int | None) -> None:
        await self.write(writer)
