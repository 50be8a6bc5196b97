"""The native view of jobs: everything that is known about one, for its owner."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.core.errors import ErrorRecord, InvalidRequest
from darkroom.core.job import Asset, Attempt, Charge, Job, JobQuote, JobState
from darkroom.core.money import credits, dollars
from darkroom.core.price import Line
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.jobs import PAGE_MAX
from darkroom.server.door import Door, is_id, path_id

_PAGE_DEFAULT = 20


def routes(door: Door) -> list[Route]:
    view = JobsView(door)
    return [
        Route("/v1/jobs", door.guarded(view.page), methods=["GET"]),
        Route("/v1/jobs/{job_id}", door.guarded(view.get), methods=["GET"]),
        Route("/v1/jobs/{job_id}/cancel", door.guarded(view.cancel), methods=["POST"]),
    ]


class JobsView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._jobs = door.services.jobs

    async def get(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        job = await self._jobs.get(path_id(request, "job_id"), principal.account_id)
        return json_response(self._shown(job, request))

    async def page(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        query = request.query_params
        state = query.get("state")
        if state is not None and state not in tuple(JobState):
            raise InvalidRequest(f"'state' is one of {', '.join(JobState)}.", param="state")
        cursor = query.get("cursor")
        if cursor is not None and not is_id(cursor):
            raise InvalidRequest("'cursor' is the 'next_cursor' of a page.", param="cursor")
        jobs, cursor = await self._jobs.page(
            principal.account_id,
            _limit(query.get("limit")),
            cursor,
            None if state is None else JobState(state),
        )
        return json_response(
            {
                "object": "list",
                "data": [self._shown(job, request) for job in jobs],
                "has_more": cursor is not None,
                "next_cursor": cursor,
            }
        )

    async def cancel(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        job = await self._jobs.cancel(path_id(request, "job_id"), principal.account_id)
        return json_response(self._shown(job, request))

    def _shown(self, job: Job, request: Request) -> dict[str, Any]:
        origin, links = self._door.origin(request), self._door.services.links
        asked = msgspec.to_builtins(job.request)
        asked["inputs"] = [image["asset_id"] for image in asked["inputs"]]
        asked["mask"] = asked["mask"] and asked["mask"]["asset_id"]
        return {
            "id": job.id,
            "object": "job",
            "state": job.state,
            "operation": job.request.operation,
            "dialect": job.dialect,
            "model": job.request.model,
            "served_model": job.model,
            "deployment": job.deployment,
            "sandbox": any(attempt.provider == "sandbox" for attempt in job.attempts),
            "request": asked,
            "output": None if job.output is None else msgspec.to_builtins(job.output),
            "usage": None if job.usage is None else _usage(job.usage),
            "quote": None if job.quote is None else _quote(job.quote),
            "charge": None if job.charge is None else shown_charge(job.charge),
            "warnings": [_warning(warning) for warning in job.warnings],
            "error": _error(job.error),
            "cancel_requested": job.cancel_requested,
            "created_at": shown_time(job.created_at_ms),
            "started_at": shown_time(job.started_at_ms),
            "finished_at": shown_time(job.finished_at_ms),
            "timings": _timings(job),
            "attempts": [_attempt(attempt) for attempt in job.attempts],
            "assets": [
                shown_asset(asset, links.url(origin, asset), links.expires_at_ms(asset))
                for asset in job.assets
            ],
        }


def json_response(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def shown_time(at_ms: int | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    if at_ms is None:
        return None
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def shown_asset(asset: Asset, url: str, expires_at_ms: int) -> dict[str, Any]:
    return {
        "id": asset.id,
        "object": "asset",
        "kind": asset.kind,
        "position": asset.position,
        "media_type": asset.media_type,
        "width": asset.width,
        "height": asset.height,
        "byte_size": asset.byte_size,
        "sha256": asset.sha256,
        "created_at": shown_time(asset.created_at_ms),
        "url": url,
        "url_expires_at": shown_time(expires_at_ms),
    }


def shown_money(nanos: int) -> dict[str, Any]:
    """An amount: exact in nano-dollars, exact in dollars, and in credits for display."""
    return {"nanos": nanos, "usd": dollars(nanos), "credits": credits(nanos)}


def shown_lines(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The lines of a charge or an estimate; they add up to its total exactly."""
    return [
        {
            "category": line.category,
            "quantity": line.quantity,
            "unit_nanos": line.unit_nanos,
            **shown_money(line.amount_nanos),
        }
        for line in lines
    ]


def shown_charge(charge: Charge) -> dict[str, Any]:
    return {**shown_money(charge.nanos), "lines": shown_lines(charge.lines)}


def _quote(quote: JobQuote) -> dict[str, Any]:
    return {
        "expected": shown_money(quote.expected_nanos),
        "max": shown_money(quote.max_nanos),
        "deployments": sorted(quote.snapshots),
    }


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE_DEFAULT
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= PAGE_MAX:
        raise InvalidRequest(f"'limit' is 1 to {PAGE_MAX}.", param="limit")
    return int(text)


def _timings(job: Job) -> dict[str, int | None]:
    """Milliseconds: waited for a worker, worked, in all."""

    def between(start: int | None, end: int | None) -> int | None:
        return None if start is None or end is None else max(0, end - start)

    return {
        "queued_ms": between(job.created_at_ms, job.started_at_ms),
        "running_ms": between(job.started_at_ms, job.finished_at_ms),
        "total_ms": between(job.created_at_ms, job.finished_at_ms),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "deployment": attempt.deployment,
        "provider": attempt.provider,
        "model": attempt.model,
        "state": attempt.state,
        "started_at": shown_time(attempt.started_at_ms),
        "finished_at": shown_time(attempt.finished_at_ms),
        "upstream_id": attempt.upstream_id,
        "error": _error(attempt.error),
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "total_tokens": usage.total,
        "input_tokens": usage.input_total,
        "output_tokens": usage.output_total,
        "input_tokens_details": {
            "text_tokens": usage.text_in,
            "image_tokens": usage.image_in,
            "cached_text_tokens": usage.cached_text_in,
            "cached_image_tokens": usage.cached_image_in,
        },
        "output_tokens_details": {
            "text_tokens": usage.text_out,
            "image_tokens": usage.image_out,
        },
        "reported_by_upstream": usage.reported,
    }


def _warning(warning: Warning) -> dict[str, Any]:
    return msgspec.to_builtins(warning)


def _error(error: ErrorRecord | None) -> dict[str, Any] | None:
    return None if error is None else msgspec.to_builtins(error)
