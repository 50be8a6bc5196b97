"""JSON bodies with files in them: base64 is made piece by piece while the body is sent."""

import secrets
from collections.abc import Sequence
from typing import Any, cast

import aiohttp
import msgspec
import pybase64

from darkroom.core.ports import Base64File

_PIECE = 3 << 16  # a multiple of three: pieces of base64 can be joined


def json_payload(body: Any) -> "bytes | JsonPayload":
    """The body as bytes, or as something that is written in pieces when it holds files."""
    files: list[Base64File] = []
    mark = secrets.token_hex(16)  # nobody can put it into a prompt before it is drawn

    def marked(value: Any) -> Any:
        if isinstance(value, Base64File):
            files.append(value)
            return mark
        if isinstance(value, dict):
            return {name: marked(item) for name, item in cast("dict[str, Any]", value).items()}
        if isinstance(value, list | tuple):
            return [marked(item) for item in cast("Sequence[Any]", value)]
        return value

    data = msgspec.json.encode(marked(body))
    if not files:
        return data
    return JsonPayload(data.split(mark.encode()), files)


class JsonPayload(aiohttp.Payload):
    """``texts`` with the files between them, one fewer than texts."""

    def __init__(self, texts: list[bytes], files: list[Base64File]) -> None:
        super().__init__(texts, content_type="application/json")
        self._texts = texts
        self._files = files
        size = sum(map(len, texts))
        size += sum(len(file.prefix.encode()) + -(-file.byte_size // 3) * 4 for file in files)
        self._size = size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a body with files is not held as text")

    async def write(self, writer: Any) -> None:
        await writer.write(self._texts[0])
        for file, text in zip(self._files, self._texts[1:], strict=True):
            await writer.write(file.prefix.encode())
            with file.path.open("rb") as source:
                while piece := source.read(_PIECE):
                    await writer.write(pybase64.b64encode(piece))
            await writer.write(text)

    async def write_with_length(self, writer: Any, content_length: int | None) -> None:
        await self.write(writer)
