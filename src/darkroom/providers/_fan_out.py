"""Makes n images by n calls of one each, for vendors that make only one per call."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from darkroom.core.errors import (
    Billing,
    DarkroomError,
    ModerationBlocked,
    UpstreamDenied,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from darkroom.core.ports import UpstreamCall
from darkroom.core.result import Output, ProviderResult
from darkroom.core.usage import Usage, summed
from darkroom.core.warning import Warning
from darkroom.providers._image_json import remove

One = Callable[[UpstreamCall], Awaitable[ProviderResult]]
Sleep = Callable[[float], Awaitable[Any]]
End = ProviderResult | DarkroomError

_AT_ONCE = 4
# The last of the time is left for handing over what has arrived: it is paid for.
_SHARE_OF_TIME = 0.98
_SEED_END = 2**32
_SAME_FOR_ALL = (UpstreamDenied, UpstreamRejected)
"""Errors that each further call would meet too."""
_PAUSES_S = (1.0, 2.0, 4.0)
_PAUSE_MAX_S = 30.0
"""A vendor that asks for a longer pause is not waited for: the images that there are can go."""


async def fan_out(call: UpstreamCall, one: One, sleep: Sleep = asyncio.sleep) -> ProviderResult:
    """``one`` makes the single image of the call it is given; at most four run at once.

    Calls that meet a rate limit, which counts calls and not requests, are made again after a
    pause, once an image has been made at all; else another deployment may do better.
    With some images made, those that were not are warnings (``image_refused``, ``image_failed``)
    and the result has fewer images; its usage and cost are the sums, None when one is not known.
    With none made it raises the error that tells most. A seed counts up from image to image.
    Cancelling ends all calls.
    """
    if call.request.n == 1:
        return await one(call)
    ends = await _Run(call, one, sleep).all()
    results = [end for end in ends if isinstance(end, ProviderResult)]
    errors = {index: end for index, end in enumerate(ends) if isinstance(end, DarkroomError)}
    if not results:
        raise _most_telling(list(errors.values()))
    return _together(results, [_note(call, index, error) for index, error in errors.items()])


class _Run:
    def __init__(self, call: UpstreamCall, one: One, sleep: Sleep) -> None:
        self._call = call
        self._one = one
        self._sleep = sleep
        self._tasks: list[asyncio.Task[End]] = []
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._until = asyncio.get_running_loop().time() + call.timeout_s * _SHARE_OF_TIME
        self._same_for_all: DarkroomError | None = None

    async def all(self) -> list[End]:
        """How each call ended at last; when it is canceled, nothing is left behind."""
        try:
            return await self._rounds()
        except BaseException:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
            _remove(self._tasks)
            raise

    async def _rounds(self) -> list[End]:
        ends = await self._round(range(self._call.request.n))
        for usual_s in _PAUSES_S:
            limited = {i: end for i, end in ends.items() if isinstance(end, UpstreamRateLimited)}
            if not limited or not any(isinstance(end, ProviderResult) for end in ends.values()):
                break
            pause_s = max(usual_s, *(end.retry_after_s or 0.0 for end in limited.values()))
            if pause_s > _PAUSE_MAX_S or pause_s >= self._left_s:
                break
            await self._sleep(pause_s)
            ends |= await self._round(limited)
        return list(ends.values())

    async def _round(self, indices: Collection[int]) -> dict[int, End]:
        tasks = [asyncio.ensure_future(self._end(index)) for index in indices]
        self._tasks += tasks
        return dict(zip(indices, await asyncio.gather(*tasks), strict=True))

    @property
    def _left_s(self) -> float:
        return self._until - asyncio.get_running_loop().time()

    async def _end(self, index: int) -> End:
        async with self._slots:
            if self._same_for_all is not None:
                return self._same_for_all
            try:
                async with asyncio.timeout_at(self._until):
                    return await self._one(self._single(index))
            except DarkroomError as error:
                if isinstance(error, _SAME_FOR_ALL):
                    self._same_for_all = error
                return error
            except TimeoutError:
                return UpstreamTimeout("It was not made in time.")

    def _single(self, index: int) -> UpstreamCall:
        request = self._call.request
        seed = None if request.seed is None else (request.seed + index) % _SEED_END
        single = replace(request, n=1, seed=seed)
        return replace(self._call, request=single, timeout_s=self._left_s)


def _most_telling(errors: Sequence[DarkroomError]) -> DarkroomError:
    """A refusal only if all were refused. Else what may have been billed must not get lost, then
    what no retry heals; "not sent" may be said only if it is true of all."""
    others = [error for error in errors if not isinstance(error, ModerationBlocked)]
    return max(
        others or errors,
        key=lambda error: (
            error.billing is Billing.UNKNOWN,
            not error.retryable,
            not isinstance(error, UpstreamUnavailable),
        ),
    )


def _note(call: UpstreamCall, index: int, error: DarkroomError) -> Warning:
    refused = isinstance(error, ModerationBlocked)
    billed = " It may have been billed." if error.billing is Billing.UNKNOWN else ""
    what = "was refused" if refused else "failed"
    return Warning(
        code="image_refused" if refused else "image_failed",
        message=f"Image {index + 1} of {call.request.n} {what}: {error.message}{billed}",
        param="n",
    )


def _together(results: Sequence[ProviderResult], notes: Sequence[Warning]) -> ProviderResult:
    prompts = [prompt for result in results for prompt in _prompts(result)]
    outputs = {replace(result.output, revised_prompts=()) for result in results}
    output = outputs.pop() if len(outputs) == 1 else Output()
    costs = [result.cost_nanos for result in results]
    return ProviderResult(
        images=tuple(image for result in results for image in result.images),
        usage=_sum([result.usage for result in results]),
        output=replace(output, revised_prompts=tuple(prompts) if any(prompts) else ()),
        upstream_id=", ".join(result.upstream_id for result in results if result.upstream_id)
        or None,
        warnings=(*(warning for result in results for warning in result.warnings), *notes),
        cost_nanos=None if None in costs else sum(cost for cost in costs if cost is not None),
    )


def _prompts(result: ProviderResult) -> Sequence[str | None]:
    return result.output.revised_prompts or (None,) * len(result.images)


def _sum(usages: Sequence[Usage | None]) -> Usage | None:
    known = [usage for usage in usages if usage is not None]
    if len(known) < len(usages):
        return None
    return summed(known)


def _remove(tasks: Iterable["asyncio.Task[End]"]) -> None:
    """Remove the images of calls that had ended when all was called off."""
    for task in tasks:
        if task.cancelled() or task.exception() is not None:
            continue
        if isinstance(end := task.result(), ProviderResult):
            remove(end.images)
