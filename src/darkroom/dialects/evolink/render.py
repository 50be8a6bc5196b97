"""From a job to EvoLink's task, and to the body that OpenAI's clients read as well."""

import msgspec

from darkroom.core.dialect import Answer, LinkOf
from darkroom.core.job import Job
from darkroom.dialects._tasks import task, token_usage


def shown(job: Job, link_of: LinkOf) -> Answer:
    return Answer([notice(job, link_of)])


def notice(job: Job, link_of: LinkOf) -> bytes:
    """A callback's body is the task as it would be polled, whatever the event."""
    return msgspec.json.encode(task(job, link_of))


def waited_for(job: Job, link_of: LinkOf) -> Answer:
    """The task that succeeded, with OpenAI's ``data`` and ``usage``: who reads either is served."""
    fields = task(job, link_of)
    fields["data"] = [{"url": url} for url in fields["results"]]
    fields["usage"] = token_usage(job.usage) | fields.get("usage", {})
    return Answer([msgspec.json.encode(fields)])
