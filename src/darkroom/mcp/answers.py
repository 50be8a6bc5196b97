"""What tools answer: text for the agent, small previews, links, and the same as data."""

import asyncio
import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent

from darkroom.imaging.inspect import NotAnImage
from darkroom.mcp.arguments import PREVIEW_PX
from darkroom.mcp.folders import Folders
from darkroom.mcp.previews import MEDIA_TYPE, Bounds, preview, shared_bounds
from darkroom.mcp.trouble import Trouble
from darkroom_client import APIError, Asset, AsyncClient, Balance, Job


@dataclass(frozen=True, slots=True)
class Shown:
    """One image as it is told."""

    asset: Asset
    preview: bytes
    path: Path | None


def said(text: str, data: dict[str, Any], more: Sequence[ContentBlock] = ()) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=text), *more], structured_content=data
    )


def failed(trouble: Trouble) -> CallToolResult:
    """The model sees it and can act on it, unlike an error of the protocol."""
    return CallToolResult(content=[TextContent(type="text", text=str(trouble))], is_error=True)


async def delivered(
    client: AsyncClient, job: Job, folders: Folders | None, file_name: str | None
) -> CallToolResult:
    """A finished job: previews, links, files where they are saved, cost and balance."""
    bounds = shared_bounds(PREVIEW_PX, len(job.results))
    shown: list[Shown] = []
    for asset in job.results:
        image = await client.download(asset)
        path = None
        if folders is not None:
            stem = file_name or f"darkroom-{job.id}"
            path = await asyncio.to_thread(folders.save, image, stem)
        shown.append(Shown(asset, await small(image.data, bounds), path))
    balance = await _balance(client)
    blocks: list[ContentBlock] = [_picture(one.preview) for one in shown if one.preview]
    blocks += [_link(job, index, one.asset) for index, one in enumerate(shown)]
    return said(_told(job, shown, balance), _data(job, shown, balance), blocks)


async def looked_at(client: AsyncClient, asset: Asset, bounds: Bounds) -> CallToolResult:
    """One image, larger or smaller."""
    image = await client.download(asset)
    made = await small(image.data, bounds)
    if not made:
        raise Trouble(f"This image cannot be shown here. Its link works: {asset.url}")
    return said(_line(asset, None), _facts(asset, None), [_picture(made)])


def waiting(job: Job) -> CallToolResult:
    """A job that goes on."""
    text = (
        f"The job {job.id} is {job.state}; it goes on. Call get_job with this job_id to wait for"
        " the images. Do not start it again: that would be charged again."
    )
    return said(text, {"job_id": job.id, "state": job.state, "images": []})


async def small(data: bytes, bounds: Bounds) -> bytes:
    """A preview; empty for what cannot be decoded, such as a format of tomorrow."""
    try:
        return await preview(data, bounds)
    except NotAnImage:
        return b""


async def _balance(client: AsyncClient) -> Balance | None:
    """The images are made and paid: without the balance, the answer is still one."""
    try:
        return await client.billing.balance()
    except APIError:
        return None


def balance_told(balance: Balance) -> str:
    left = "no limit" if balance.available is None else f"{balance.available} available"
    budgets = [
        f"{owner} budget ({one.window}): {one.used} of {one.limit} used"
        for owner, many in (("account", balance.budgets), ("key", balance.key_budgets))
        for one in many
    ]
    return "; ".join([left, *budgets])


def balance_data(balance: Balance) -> dict[str, Any]:
    return {
        "account": balance.account,
        "prepaid": balance.prepaid,
        "available_usd": None if balance.available is None else balance.available.usd,
        "held_usd": balance.held.usd,
        "budgets": [
            {
                "of": owner,
                "window": one.window,
                "limit_usd": one.limit.usd,
                "used_usd": one.used.usd,
            }
            for owner, many in (("account", balance.budgets), ("key", balance.key_budgets))
            for one in many
        ],
    }


def _told(job: Job, shown: Sequence[Shown], balance: Balance | None) -> str:
    drawn = " (drawn by the built-in sandbox, not by an AI model)" if job.sandbox else ""
    lines = [f"Job {job.id}: {len(shown)} image(s) by {job.served_model or job.model}{drawn}."]
    lines += [f"[{index}] {_line(one.asset, one.path)}" for index, one in enumerate(shown)]
    cost = "Cost: unknown." if job.charge is None else f"Cost: {job.charge}."
    lines.append(cost if balance is None else f"{cost} Balance: {balance_told(balance)}.")
    lines += [f"Warning: {warning.message}" for warning in job.warnings]
    lines.append(
        f'The previews are small. To change an image: edit_image with images ["{job.id}:0"].'
    )
    return "\n".join(lines)


def _line(asset: Asset, path: Path | None) -> str:
    until = f" (until {asset.expires_at:%Y-%m-%d %H:%M} UTC)" if asset.expires_at else ""
    saved = "" if path is None else f" Saved as {path}."
    kind = asset.media_type.removeprefix("image/")
    size = f"{math.ceil(asset.byte_size / 1000):,} kB"
    return f"{asset.width}x{asset.height} {kind}, {size}.{saved} Link{until}: {asset.url}"


def _data(job: Job, shown: Sequence[Shown], balance: Balance | None) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "state": job.state,
        "model": job.served_model or job.model,
        "sandbox": job.sandbox,
        "images": [_facts(one.asset, one.path) for one in shown],
        "cost_usd": None if job.charge is None else job.charge.usd,
        "balance": None if balance is None else balance_data(balance),
        "warnings": [warning.message for warning in job.warnings],
        "revised_prompts": [text for text in job.revised_prompts if text],
    }


def _facts(asset: Asset, path: Path | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "index": asset.position,
        "width": asset.width,
        "height": asset.height,
        "media_type": asset.media_type,
        "byte_size": asset.byte_size,
        "url": asset.url,
        "expires_at": None if asset.expires_at is None else asset.expires_at.isoformat(),
    }
    return facts if path is None else {**facts, "path": str(path)}


def _picture(data: bytes) -> ImageContent:
    return ImageContent(type="image", data=base64.b64encode(data).decode(), mime_type=MEDIA_TYPE)


def _link(job: Job, index: int, asset: Asset) -> ResourceLink:
    return ResourceLink(
        type="resource_link",
        uri=asset.url,
        name=f"{job.id}:{index}",
        title=f"{asset.width}x{asset.height} {asset.media_type}",
        mime_type=asset.media_type,
        size=asset.byte_size,
    )
