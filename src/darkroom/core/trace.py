"""Where a piece of work came from: the ids by which its logs and traces are found."""

from contextvars import ContextVar
from dataclasses import dataclass

_REQUEST_PREFIX = "req_"


@dataclass(frozen=True, slots=True)
class Trace:
    """The request that began it all. Kept with a job: whoever runs it goes on from there."""

    request_id: str = ""
    parent: str = ""
    """The span that the work belongs to, as a W3C ``traceparent``; empty: nobody traces it.

    https://www.w3.org/TR/trace-context/#traceparent-header
    """

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits; without a span those of the request's own id."""
        return self.parent[3:35] or self.request_id.removeprefix(_REQUEST_PREFIX)


UNTRACED = Trace()

current_trace: ContextVar[Trace] = ContextVar("darkroom_trace", default=UNTRACED)
"""Of the request that is being answered: set by the server, read where a job is accepted."""
