"""What relays with tasks, links and credits have in common."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from darkroom.core.deployment import Deployment
from darkroom.core.errors import (
    Billing,
    DarkroomError,
    UpstreamBroken,
    UpstreamError,
    UpstreamFailed,
)
from darkroom.core.money import NANOS_PER_DOLLAR, half_up
from darkroom.core.ports import Egress, ImageSink, UpstreamCall, UpstreamResponse
from darkroom.core.result import ProviderResult
from darkroom.core.size import Size
from darkroom.providers._answers import Body, as_list, as_object, as_text, decoded, error_body
from darkroom.providers._downloads import downloaded, lost
from darkroom.providers._openai_errors import classify
from darkroom.providers._polling import Task

_ANSWER_MAX = 1024 * 1024
_CREDITS_MAX = 10**9
_LINKS = ("url", "image_url")

RATIOS = (
    *("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"),
    *("1:4", "4:1", "1:8", "8:1"),
)
"""Those of Google's models: https://ai.google.dev/gemini-api/docs/image-generation"""
_TIERS = (("0.5K", 300_000), ("1K", 1_600_000), ("2K", 6_400_000), ("4K", 2**63))
"""Each with the most pixels that its ratios have, and some room."""


async def read_json(response: UpstreamResponse, deployment: Deployment) -> Body:
    """The object of a good answer (status 200 to 202); raises from the tree for any other."""
    try:
        if response.status not in (200, 201, 202):
            raise classify(response, await error_body(response), deployment)
        answer = as_object(decoded(await response.read(_ANSWER_MAX)))
    finally:
        await response.close()
    if not answer:
        raise UpstreamBroken(f"{deployment.id} did not answer with a JSON object.")
    return answer


async def before_submit(work: Awaitable[str]) -> str:
    """The result of an upload: whatever goes wrong with it, nothing was bought yet."""
    try:
        return await work
    except UpstreamError as error:
        if error.billing is Billing.NO:
            raise
        raise UpstreamFailed(f"An input image was not uploaded: {error.message}") from error


async def collect(
    task: Task, urls: list[str], call: UpstreamCall, egress: Egress, sink: ImageSink
) -> ProviderResult:
    """The result of a task that has succeeded, its images fetched; they are paid for."""
    if not urls:
        raise UpstreamBroken(
            f"Task {task.id} at {task.deployment.id} succeeded without an image.",
            details=task.details(),
        )
    urls = urls[: call.request.n]
    try:
        found = await downloaded(egress, task.deployment, urls, sink)
    except UpstreamBroken as error:
        raise UpstreamBroken(error.message, details=task.details()) from error
    return ProviderResult(
        images=tuple(image for image in found if image is not None),
        usage=None,
        upstream_id=task.id,
        warnings=lost(found),
    )


def urls_in(value: Any) -> list[str]:
    """The URLs of a result: one, or a list of them or of objects that hold them."""
    found: list[str] = []
    for item in as_list(value) or [value]:
        held = (as_text(as_object(item).get(name)) for name in _LINKS)
        if url := as_text(item) or next((text for text in held if text), ""):
            found.append(url)
    return found


def ratio_of(size: Size, ratios: Sequence[str] = RATIOS) -> str:
    """The name of the ratio that is nearest to that of ``size``."""

    def distance(name: str) -> float:
        across, _, down = name.partition(":")
        return abs(int(across) * size.height / (int(down) * size.width) - 1)

    return min(ratios, key=distance)


def tier_of(size: Size) -> str:
    """Google's name for about so many pixels."""
    return next(name for name, most in _TIERS if size.pixels <= most)


def credits_nanos(credits: Any, per_dollar: str) -> int | None:
    """Credits in nano-dollars; None when there are none, or nobody said what a dollar buys."""
    if isinstance(credits, bool) or not isinstance(credits, int | float | str):
        return None
    try:
        amount, rate = Decimal(str(credits)), Decimal(per_dollar)
    except InvalidOperation:
        return None
    if not (amount.is_finite() and rate.is_finite() and 0 <= amount <= _CREDITS_MAX and rate > 0):
        return None
    numerator, denominator = amount.as_integer_ratio()
    over, under = rate.as_integer_ratio()
    return half_up(numerator * under * NANOS_PER_DOLLAR, denominator * over)


async def checked(
    deployment: Deployment, ask: Callable[[], Awaitable[UpstreamResponse]]
) -> Body | DarkroomError:
    """For ``darkroom doctor``: the answer, or the error instead of raising it."""
    try:
        return await read_json(await ask(), deployment)
    except DarkroomError as error:
        return error
