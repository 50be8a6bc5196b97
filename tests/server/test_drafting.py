"""A body is read where it holds up nobody: a long prompt beside the event loop."""

import threading

import pytest

from darkroom.core.dialect import WireBody
from darkroom.core.draft import Draft
from darkroom.core.errors import InvalidRequest
from darkroom.core.request import Operation
from darkroom.dialects.evolink import EvoLinkDialect
from darkroom.server.drafting import drafted


class Watched(EvoLinkDialect):
    """Notes on which thread it reads."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def parse(self, operation: Operation | None, body: WireBody) -> Draft:
        self.threads.append(threading.current_thread())
        return super().parse(operation, body)


def body(length: int) -> WireBody:
    return WireBody({"prompt": "=" * length})


async def test_a_long_prompt_is_read_beside_the_event_loop() -> None:
    dialect, loop_thread = Watched(), threading.current_thread()
    for length in (1_000, 1_001):
        draft = await drafted(dialect, None, body(length))
        assert len(draft.request.prompt) == length
    short, long = dialect.threads
    assert short is loop_thread
    assert long is not loop_thread


async def test_a_refusal_comes_through_from_there() -> None:
    with pytest.raises(InvalidRequest) as caught:
        await drafted(Watched(), None, body(40_000))
    assert caught.value.param == "prompt"
