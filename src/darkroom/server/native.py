"""The native view of jobs: everything that is known about one, for its owner."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom.assets import PREVIEW_EDGE, THUMBNAIL_EDGE, Links
from darkroom.core.errors import ErrorRecord, InvalidRequest
from darkroom.core.job import Asset, Attempt, Charge, Considered, Job, JobQuote
from darkroom.core.times import shown_time
from darkroom.core.usage import Usage
from darkroom.core.warning import Warning
from darkroom.jobs import PAGE_MAX, Relatives
from darkroom.server.door import Door, is_id, path_id
from darkroom.server.prefer import preference
from darkroom.server.shown import shown_lines, shown_money
from darkroom.server.wanted import read_since, read_wanted

_PAGE_DEFAULT = 20
_WAIT_MAX_S = 60


def routes(door: Door) -> list[Route]:
    view = JobsView(door)
    return [
        Route("/v1/jobs", door.guarded(view.page), methods=["GET"]),
        Route("/v1/jobs/counts", door.guarded(view.counts), methods=["GET"]),
        Route("/v1/jobs/{job_id}", door.guarded(view.get), methods=["GET"]),
        Route("/v1/jobs/{job_id}", door.guarded(view.delete), methods=["DELETE"]),
        Route("/v1/jobs/{job_id}/cancel", door.guarded(view.cancel), methods=["POST"]),
    ]


class JobsView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._jobs = door.services.jobs
        self._history = door.services.history

    async def get(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        prefer = preference(request.headers.getlist("prefer"))
        job_id = path_id(request, "job_id")
        [(job, relatives)] = await self._history.several(principal.account_id, [job_id])
        wait_s = min(prefer.wait_s or 0, _WAIT_MAX_S)
        if wait_s and not job.state.final:
            with self._jobs.follow(job) as follower:
                return json_response(await self._told(await follower.end(wait_s), request))
        return json_response(self._shown(job, relatives, request))

    async def page(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        query, account_id = request.query_params, principal.account_id
        token = query.get("idempotency_key")
        if token is not None:
            job = await self._jobs.accepted_with(token, principal.key_id, account_id)
            only = [] if job is None else [job]
            relatives = await self._history.relatives(account_id, only)
            found = list(zip(only, relatives, strict=True))
            return json_response(self._listed(found, None, request))
        cursor = query.get("cursor")
        if cursor is not None and not is_id(cursor):
            raise InvalidRequest("'cursor' is the 'next_cursor' of a page.", param="cursor")
        wanted, limit = read_wanted(query), read_limit(query.get("limit"))
        found, cursor = await self._history.page(account_id, limit, cursor, wanted)
        return json_response(self._listed(found, cursor, request))

    async def counts(self, request: Request) -> Response:
        """What waits and runs now, and how the jobs of a time (default: a day) ended."""
        principal = await self._door.principal(request)
        since_ms = read_since(request.query_params)
        found = await self._history.counts(principal.account_id, since_ms)
        answer = {"object": "job_counts", "since": shown_time(since_ms), **found.by_state}
        return json_response({**answer, "total": found.total})

    async def cancel(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        job = await self._jobs.cancel(path_id(request, "job_id"), principal.account_id)
        return json_response(await self._told(job, request))

    async def delete(self, request: Request) -> Response:
        """Its prompt and its images are gone; what it cost stays in the ledger."""
        principal = await self._door.principal(request)
        job_id = path_id(request, "job_id")
        await self._history.delete(job_id, principal.account_id)
        return json_response({"id": job_id, "object": "job", "deleted": True})

    async def _told(self, job: Job, request: Request) -> dict[str, Any]:
        [relatives] = await self._history.relatives(job.account_id, [job])
        return self._shown(job, relatives, request)

    def _listed(
        self, jobs: Sequence[tuple[Job, Relatives]], cursor: str | None, request: Request
    ) -> dict[str, Any]:
        return {
            "object": "list",
            "data": [self._shown(job, relatives, request) for job, relatives in jobs],
            "has_more": cursor is not None,
            "next_cursor": cursor,
        }

    def _shown(self, job: Job, relatives: Relatives, request: Request) -> dict[str, Any]:
        origin, links = self._door.origin(request), self._door.services.links

        def shown(asset: Asset) -> dict[str, Any]:
            return shown_asset(asset, links, origin)

        mask = relatives.mask
        return {
            **shown_job(job),
            "parents": relatives.parents,
            "children": relatives.children,
            "inputs": [shown(asset) for asset in relatives.inputs],
            "mask": None if mask is None else shown(mask),
            "assets": [shown(asset) for asset in job.assets],
        }


def shown_job(job: Job) -> dict[str, Any]:
    """All that is known of a job, but for its images."""
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
        "error": shown_error(job.error),
        "cancel_requested": job.cancel_requested,
        "created_at": shown_time(job.created_at_ms),
        "started_at": shown_time(job.started_at_ms),
        "finished_at": shown_time(job.finished_at_ms),
        "images_removed_at": shown_time(job.images_removed_at_ms),
        "timings": _timings(job),
        "route": [_considered(one) for one in job.route],
        "attempts": [_attempt(attempt) for attempt in job.attempts],
    }


def json_response(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def shown_asset(asset: Asset, links: Links, origin: str) -> dict[str, Any]:
    """An asset with its links, made on ``origin``."""
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
        "url": links.url(origin, asset),
        "url_expires_at": shown_time(links.expires_at_ms(asset)),
        **small_links(asset, links, origin),
    }


def small_links(asset: Asset, links: Links, origin: str) -> dict[str, str | None]:
    """Links to the small copies of an image; null for a partial one, which has none."""
    return {
        "thumbnail_url": links.small_url(origin, asset, THUMBNAIL_EDGE),
        "preview_url": links.small_url(origin, asset, PREVIEW_EDGE),
    }


def shown_charge(charge: Charge) -> dict[str, Any]:
    return {
        **shown_money(charge.nanos),
        "lines": shown_lines(charge.lines),
        "saved": shown_money(charge.saved_nanos),
    }


def _quote(quote: JobQuote) -> dict[str, Any]:
    return {
        "expected": shown_money(quote.expected_nanos),
        "max": shown_money(quote.max_nanos),
        "saved": shown_money(quote.saved_nanos),
        "deployments": sorted(quote.snapshots),
    }


def read_limit(text: str | None) -> int:
    """How many rows of a page. Raises :class:`InvalidRequest`."""
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
        "error": shown_error(attempt.error),
    }


def _considered(one: Considered) -> dict[str, Any]:
    return {
        "deployment": one.deployment,
        "usable": one.usable,
        "reason": one.reason,
        "expected": None if one.expected_nanos is None else shown_money(one.expected_nanos),
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
        **_mainline(usage),
        "reported_by_upstream": usage.reported,
    }


def _mainline(usage: Usage) -> dict[str, Any]:
    """The tokens of the text model that called the image model, if one did."""
    if not (usage.mainline_in or usage.mainline_out):
        return {}
    return {
        "mainline": {
            "input_tokens": usage.mainline_in,
            "cached_input_tokens": usage.mainline_cached_in,
            "output_tokens": usage.mainline_out,
        }
    }


def _warning(warning: Warning) -> dict[str, Any]:
    return msgspec.to_builtins(warning)


def shown_error(error: ErrorRecord | None) -> dict[str, Any] | None:
    return None if error is None else msgspec.to_builtins(error)
