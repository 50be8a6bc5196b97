"""Reads a body as its dialect means it, without holding up everybody else."""

import asyncio

from darkroom.core.dialect import Dialect, WireBody
from darkroom.core.draft import Draft
from darkroom.core.request import Operation

_LONG = 1_000
"""Characters of a prompt from which on reading it may take long: some dialects count tokens."""


async def drafted(dialect: Dialect, operation: Operation | None, body: WireBody) -> Draft:
    """What a body asks for. Raises :class:`RequestError` naming the parameter."""
    prompt = body.fields.get("prompt")
    if isinstance(prompt, str) and len(prompt) > _LONG:
        return await asyncio.to_thread(dialect.parse, operation, body)
    return dialect.parse(operation, body)
