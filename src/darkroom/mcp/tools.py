"""The tools themselves: what each does through the SDK."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mcp.types import CallToolResult, ToolAnnotations

from darkroom.mcp import arguments as taken
from darkroom.mcp.answers import (
    balance_data,
    balance_told,
    delivered,
    looked_at,
    said,
    waiting,
)
from darkroom.mcp.folders import Folders
from darkroom.mcp.previews import ALL_CHARS_MAX, ONE_CHARS_MAX, Bounds
from darkroom.mcp.sources import Sources, image_of
from darkroom_client import AsyncClient, AsyncJobHandle, Job, Model, Progress, Quote
from darkroom_client.errors import of_job

Report = Callable[[float, float, str], Awaitable[None]]
"""Takes how far it is, of how much, and a word about it."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a tool works with. Without ``folders``, nothing of this machine is read or written."""

    client: AsyncClient
    folders: Folders | None
    report: Report

    @property
    def sources(self) -> Sources:
        return Sources(self.client, self.folders)


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    title: str
    description: str
    arguments: type[taken.Arguments]
    run: Callable[[Work, Any], Awaitable[CallToolResult]]
    """Takes what the work needs, and an instance of ``arguments``."""
    annotations: ToolAnnotations


async def _generate(work: Work, asked: taken.Generate) -> CallToolResult:
    handle = await work.client.submit(
        asked.prompt, idempotency_key=asked.idempotency_key, **asked.options()
    )
    return await _made(work, handle, asked)


async def _edit(work: Work, asked: taken.Edit) -> CallToolResult:
    images = await work.sources.all_of(asked.images)
    mask = None if asked.mask is None else await work.sources.one(asked.mask)
    handle = await work.client.submit_edit(
        asked.prompt, images, mask=mask, idempotency_key=asked.idempotency_key, **asked.options()
    )
    return await _made(work, handle, asked)


async def _made(work: Work, handle: AsyncJobHandle, asked: taken.Generate) -> CallToolResult:
    return await _outcome(work, handle.id, asked.wait_seconds, asked.file_name)


async def _get_job(work: Work, asked: taken.GetJob) -> CallToolResult:
    return await _outcome(work, asked.job_id, asked.wait_seconds, asked.file_name)


async def _outcome(work: Work, job_id: str, wait_s: int, file_name: str | None) -> CallToolResult:
    """What there is of a job after so long. Raises the SDK's errors for one that has failed."""
    job = await _followed(work, job_id, wait_s)
    if not job.done:
        return waiting(job)
    if job.state != "succeeded":
        raise of_job(job)
    return await delivered(work.client, job, work.folders, file_name)


async def _followed(work: Work, job_id: str, wait_s: int) -> Job:
    """Tells how far the job is, until it ends or the time is over; then its record."""
    job = await work.client.jobs.get(job_id)
    if job.done or not wait_s:
        return job
    try:
        async with asyncio.timeout(wait_s), work.client.jobs.stream(job_id) as events:
            async for event in events:
                if isinstance(event, Progress):
                    await work.report(event.percent, 100, event.state)
    except TimeoutError:
        pass  # the record tells how it stands
    return await work.client.jobs.get(job_id)


async def _view(work: Work, asked: taken.ViewImage) -> CallToolResult:
    asset = await image_of(work.client, asked.job_id, asked.index)
    chars = ONE_CHARS_MAX if asked.max_px <= taken.PREVIEW_PX else ALL_CHARS_MAX
    return await looked_at(work.client, asset, Bounds(asked.max_px, chars))


async def _estimate(work: Work, asked: taken.Estimate) -> CallToolResult:
    images = await work.sources.measured(asked.images)
    mask = None if asked.mask is None else (await work.sources.measured([asked.mask]))[0]
    quote = await work.client.quote(asked.prompt, images, mask=mask, **asked.options())
    exact = not quote.notes
    about = "exactly" if exact and quote.expected == quote.max else "expected"
    text = " ".join(
        [
            f"{about.capitalize()} {quote.expected}, at most {quote.max}, for {asked.n} image(s)"
            f" by {quote.model}. Nothing was made or charged.",
            *quote.notes,
        ]
    )
    return said(text, _quote_data(quote))


def _quote_data(quote: Quote) -> dict[str, Any]:
    return {
        "model": quote.model,
        "operation": quote.operation,
        "expected_usd": quote.expected.usd,
        "expected_nanos": quote.expected.nanos,
        "max_usd": quote.max.usd,
        "max_nanos": quote.max.nanos,
        "notes": list(quote.notes),
        "deployments": [
            {
                "deployment": offer.deployment,
                "model": offer.model,
                "size": offer.size,
                "expected_usd": offer.expected.usd,
                "max_usd": offer.max.usd,
                "warnings": [warning.message for warning in offer.warnings],
            }
            for offer in quote.offers
        ],
    }


async def _models(work: Work, _: taken.Nothing) -> CallToolResult:
    found = await work.client.models()
    data = [_model_data(model) for model in found]
    return said("\n".join(_model_line(one) for one in data), {"models": data})


def _model_data(model: Model) -> dict[str, Any]:
    can = model.capabilities
    names = ("operations", "sizes", "qualities", "backgrounds", "formats", "mask", "max_n")
    return {
        "id": model.id,
        "label": model.label,
        "aliases": list(model.aliases),
        "sandbox": model.sandbox,
        "shutdown_date": model.shutdown_date,
        "served_by_successor": model.successor,
        **{name: can[name] for name in (*names, "max_inputs", "max_prompt_chars")},
    }


def _model_line(said: dict[str, Any]) -> str:
    sizes = said["sizes"]
    fixed = ", ".join(sizes.get("fixed", ())) or f"any up to {sizes.get('max_edge')} px a side"
    parts = [
        f"{said['id']}: {', '.join(said['operations'])}",
        f"sizes {fixed}",
        f"quality {', '.join(said['qualities']) or 'one'}",
        f"n up to {said['max_n']}",
    ]
    if said["shutdown_date"]:
        parts.append(f"its vendor ends it on {said['shutdown_date']}")
    return "; ".join(parts)


async def _get_balance(work: Work, _: taken.Nothing) -> CallToolResult:
    balance = await work.client.billing.balance()
    text = f"Account {balance.account}: {balance_told(balance)}; {balance.held} held for jobs."
    return said(text, balance_data(balance))


async def _cancel(work: Work, asked: taken.CancelJob) -> CallToolResult:
    job = await work.client.jobs.cancel(asked.job_id)
    if job.state == "canceled":
        text = f"The job {job.id} is canceled; nothing was charged."
    elif job.done:
        text = f"The job {job.id} had already {job.state}; nothing has changed."
    else:
        text = f"The job {job.id} was asked to end. get_job tells how it ended."
    return said(text, {"job_id": job.id, "state": job.state})


_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_MAKES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)
# It saves files where that is on, the same ones each time.
_COLLECTS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_ENDS = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)

TOOLS = (
    Tool(
        "generate_image",
        "Generate images",
        "Make images from a text. Costs money: estimate_cost has the price. Returns small previews"
        " with links to the full images, cost and balance.",
        taken.Generate,
        _generate,
        _MAKES,
    ),
    Tool(
        "edit_image",
        "Edit images",
        "Make images from one or more images and a text that says what is to change; with a mask,"
        " only there. Costs money. The inputs stay as they are.",
        taken.Edit,
        _edit,
        _MAKES,
    ),
    Tool(
        "get_job",
        "Get a job",
        "Wait for a job that takes long, or see its images again. Costs nothing.",
        taken.GetJob,
        _get_job,
        _COLLECTS,
    ),
    Tool(
        "view_image",
        "Look at an image",
        "A preview of one image of a finished job, in another size. Costs nothing.",
        taken.ViewImage,
        _view,
        _READS,
    ),
    Tool(
        "estimate_cost",
        "Estimate the cost",
        "The price of a generation, or with images of an edit, to the nano-dollar. Makes nothing"
        " and costs nothing.",
        taken.Estimate,
        _estimate,
        _READS,
    ),
    Tool(
        "list_models",
        "List the models",
        "The models with their sizes, qualities, formats and limits.",
        taken.Nothing,
        _models,
        _READS,
    ),
    Tool(
        "get_balance",
        "Get the balance",
        "What is left on the account, and of the budgets of the account and of this key.",
        taken.Nothing,
        _get_balance,
        _READS,
    ),
    Tool(
        "cancel_job",
        "Cancel a job",
        "End a job whose images are not wanted any more. A finished one stays as it is.",
        taken.CancelJob,
        _cancel,
        _ENDS,
    ),
)
