# What this project uses of the module `multipart`. python-multipart, which mcp requires, installs a
# package of the same name that makes way for it at run time, which a type checker cannot see:
# https://github.com/Kludex/python-multipart/blob/main/multipart/__init__.py
from collections.abc import Iterator
from typing import Self

class MultipartError(ValueError): ...
class ParserLimitReached(MultipartError): ...

class MultipartSegment:
    name: str
    filename: str | None
    content_type: str | None

class PushMultipartParser:
    def __init__(
        self,
        boundary: str,
        *,
        max_segment_count: int = ...,
        max_segment_size: int = ...,
        strict: bool = ...,
    ) -> None: ...
    def parse(self, chunk: bytes) -> Iterator[MultipartSegment | bytes | None]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

def parse_options_header(header: str) -> tuple[str, dict[str, str]]: ...
