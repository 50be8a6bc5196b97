"""How an answer's bytes travel: promptly, dripping, cut off, reset, or never."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.fakes.openai_faults import Fault, Plan
from tests.fakes.openai_refusals import Reply

TRANSPORT = "fakes.transport"
PIECE = 65_536


class ExposingProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport in the scope so that a fake can break it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Any = self.scope
        scope[TRANSPORT] = self.transport


@dataclass(frozen=True, slots=True)
class Wire:
    """One request's way back: the ASGI callables and the events that wake a waiting answer."""

    scope: Scope
    receive: Receive
    send: Send
    released: asyncio.Event

    async def start(self, reply: Reply, *, length: int | None) -> None:
        headers = {"content-type": reply.content_type, **reply.headers}
        if length is not None:
            headers["content-length"] = str(length)
        message: Message = {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        await self.send(message)

    async def body(self, data: bytes, *, more: bool = True) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def until_gone(self) -> None:
        """Wait until the client hangs up (or the server ends)."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def wait(self, seconds: float) -> bool:
        """Sleep, but only as long as the client stays. True: it stayed."""
        gone = asyncio.ensure_future(self.until_gone())
        done, _ = await asyncio.wait({gone}, timeout=seconds)
        if not done:
            gone.cancel()
        return not done

    async def close(self, *, reset: bool) -> None:
        """End the connection at once; with a TCP reset if asked."""
        transport: asyncio.Transport = self.scope[TRANSPORT]
        if reset:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
        await self.until_gone()


async def deliver(wire: Wire, reply: Reply, plan: Plan) -> None:
    """Send the reply the way the plan says."""
    if plan.delay_s and not await wire.wait(plan.delay_s):
        return
    manner = MANNERS.get(plan.fault, _plainly)
    if plan.fault in _STREAM_ONLY and not reply.streamed:
        manner = _plainly
    await manner(wire, reply, plan)


async def _plainly(wire: Wire, reply: Reply, _: Plan) -> None:
    size = sum(len(chunk) for chunk in reply.chunks)
    await wire.start(reply, length=None if reply.streamed else size)
    for chunk in reply.chunks:
        await wire.body(chunk)
    await wire.body(b"", more=False)


async def _hold(wire: Wire, reply: Reply, plan: Plan) -> None:
    gone = asyncio.ensure_future(wire.until_gone())
    released = asyncio.ensure_future(wire.released.wait())
    await asyncio.wait({gone, released}, return_when=asyncio.FIRST_COMPLETED)
    for task in (gone, released):
        task.cancel()
    if wire.released.is_set():
        await _plainly(wire, reply, plan)


async def _hang(wire: Wire, _: Reply, __: Plan) -> None:
    await wire.until_gone()


async def _header_then_hang(wire: Wire, reply: Reply, _: Plan) -> None:
    await wire.start(reply, length=sum(len(chunk) for chunk in reply.chunks))
    await wire.body(b"")
    await wire.until_gone()


async def _drip(wire: Wire, reply: Reply, plan: Plan) -> None:
    body = b"".join(reply.chunks)
    await wire.start(reply, length=None if reply.streamed else len(body))
    for start in range(0, len(body), plan.drip_bytes):
        await wire.body(body[start : start + plan.drip_bytes])
        if not await wire.wait(plan.drip_s):
            return
    await wire.body(b"", more=False)


def _broken(*, reset: bool) -> Callable[[Wire, Reply, Plan], Awaitable[None]]:
    """Half of the body (of a stream: half of the first event), then the end."""

    async def manner(wire: Wire, reply: Reply, _: Plan) -> None:
        size = sum(len(chunk) for chunk in reply.chunks)
        await wire.start(reply, length=None if reply.streamed else size)
        await _pieces(wire, reply.chunks[0][: max(1, len(reply.chunks[0]) // 2)])
        await wire.close(reset=reset)

    return manner


async def _reset(wire: Wire, _: Reply, __: Plan) -> None:
    await wire.close(reset=True)


async def _hang_after_first(wire: Wire, reply: Reply, _: Plan) -> None:
    await wire.start(reply, length=None)
    if len(reply.chunks) > 1:
        await wire.body(reply.chunks[0])
    await wire.until_gone()


async def _huge(wire: Wire, reply: Reply, plan: Plan) -> None:
    """The answer grows by ``huge_bytes`` of base64, which nobody should read to its end."""
    body = b"".join(reply.chunks)
    head, key, tail = body.partition(b'"b64_json":"')
    await wire.start(reply, length=None if reply.streamed else len(body) + plan.huge_bytes)
    await wire.body(head + key)
    gone = asyncio.ensure_future(wire.until_gone())
    piece = b"A" * PIECE
    for start in range(0, plan.huge_bytes, PIECE):
        if gone.done():
            return
        await wire.body(piece[: plan.huge_bytes - start])
        await asyncio.sleep(0)
    gone.cancel()
    await wire.body(tail, more=False)


async def _pieces(wire: Wire, data: bytes) -> None:
    for start in range(0, len(data), PIECE):
        await wire.body(data[start : start + PIECE])


_STREAM_ONLY = frozenset({Fault.SSE_CUT, Fault.SSE_RESET, Fault.SSE_HANG})

MANNERS: Mapping[Fault, Callable[[Wire, Reply, Plan], Awaitable[None]]] = {
    Fault.HOLD: _hold,
    Fault.HANG: _hang,
    Fault.HEADER_THEN_HANG: _header_then_hang,
    Fault.DRIP: _drip,
    Fault.RESET: _reset,
    Fault.RESET_MID_BODY: _broken(reset=True),
    Fault.CUT_BODY: _broken(reset=False),
    Fault.SSE_CUT: _broken(reset=False),
    Fault.SSE_RESET: _broken(reset=True),
    Fault.SSE_HANG: _hang_after_first,
    Fault.HUGE_BODY: _huge,
}
