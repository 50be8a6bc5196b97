"""``/v1/usage``, ``/v1/balance``, ``/v1/statement``, ``/v1/drift``: what was spent, and on what."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom import ledger
from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.ids import now_ms
from darkroom.core.money import dollars
from darkroom.core.times import shown_time
from darkroom.db import Tx
from darkroom.jobs import UnknownCost, unknown_costs
from darkroom.ledger import Balance, DriftRow, Statement, StatementPage, StatementRow, Usage
from darkroom.server import records
from darkroom.server.amounts import read_amount, read_period, shown_budget, shown_rows
from darkroom.server.door import Door
from darkroom.server.keys import ADMIN, Principal
from darkroom.server.native import json_response, read_limit, shown_money

ALL = "all"
"""What an admin asks for to see every account; no account may have this name."""
_BOOKINGS_MAX = 100_000
_CURSOR_MAX = 500
_COLUMNS = (
    *("at", "kind", "amount_usd", "amount_nanos", "balance_usd", "balance_nanos"),
    *("job", "attempt", "key", "model", "note", "id"),
)


def routes(door: Door) -> list[Route]:
    view = MoneyView(door)
    return [
        Route("/v1/usage", door.guarded(view.usage), methods=["GET"]),
        Route("/v1/balance", door.guarded(view.balance), methods=["GET"]),
        Route("/v1/statement", door.guarded(view.statement), methods=["GET"]),
        Route("/v1/drift", door.guarded(view.drift), methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose money is asked for; ``id`` None: everybody's."""

    id: str | None
    name: str


class MoneyView:
    """Everybody sees their own account; an admin any, with ``account=<name>``."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._database = door.services.database

    async def usage(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        query = request.query_params
        by = _groups(query.get("by", "model"))
        period, days = read_period(query)

        def work(tx: Tx) -> dict[str, Any]:
            owner = owner_of(tx, principal, query, everybody=True)
            found = ledger.usage(tx, by, period, owner.id)
            return {
                "object": "usage",
                "account": owner.name,
                **days,
                "by": by,
                **_usage(found, _names(tx, by)),
            }

        return json_response(await self._database.read(work))

    async def balance(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        now = now_ms()

        def work(tx: Tx) -> dict[str, Any]:
            owner = owner_of(tx, principal, request.query_params)
            found = ledger.balance(tx, str(owner.id), now)
            answer = {"object": "balance", "account": owner.name, **shown_balance(found)}
            if owner.id == principal.account_id:  # another account is not about this key
                budget = ledger.key_budget(tx, principal.key_id, now)
                answer["key"] = {"id": principal.key_id, **shown_budget(budget)}
            return answer

        return json_response(await self._database.read(work))

    async def statement(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        query = request.query_params
        form = query.get("format", "json")
        if form not in _FORMS:
            raise InvalidRequest(f"'format' is one of {', '.join(_FORMS)}.", param="format")
        period, days = read_period(query)
        if "limit" in query or "cursor" in query:
            return await self._statement_page(request, principal)

        def work(tx: Tx) -> tuple[str, Statement]:
            owner = owner_of(tx, principal, query)
            found = ledger.statement(tx, str(owner.id), period, rows_max=_BOOKINGS_MAX)
            return owner.name, found

        name, found = await self._database.read(work)
        return _FORMS[form]({"object": "statement", "account": name, **days}, found)

    async def _statement_page(self, request: Request, principal: Principal) -> Response:
        """A page of it, newest first, for whoever looks at it instead of keeping it."""
        query = request.query_params
        if query.get("format", "json") != "json":
            raise InvalidRequest("Only 'json' comes in pages.", param="format")
        limit, cursor = read_limit(query.get("limit")), query.get("cursor")
        if cursor is not None and not (cursor.isprintable() and len(cursor) <= _CURSOR_MAX):
            raise InvalidRequest("'cursor' is the 'next_cursor' of a page.", param="cursor")
        period, days = read_period(query)

        def work(tx: Tx) -> tuple[str, StatementPage]:
            owner = owner_of(tx, principal, query)
            return owner.name, ledger.statement_page(tx, str(owner.id), period, limit, cursor)

        name, found = await self._database.read(work)
        answer = {"object": "statement", "account": name, **days, **_statement(found)}
        more = {"has_more": found.more is not None, "next_cursor": found.more}
        return json_response({**answer, **more})

    async def drift(self, request: Request) -> Response:
        principal = await self._door.principal(request)
        principal.require(ADMIN)
        query = request.query_params
        period, days = read_period(query)
        invoices = _invoices(query)

        def work(tx: Tx) -> dict[str, Any]:
            # the report is about deployments: without a wish it is about all that they served
            owner = Owner(None, ALL)
            if "account" in query:
                owner = owner_of(tx, principal, query, everybody=True)
            found = ledger.drift(tx, period, owner.id, invoices)
            lost = unknown_costs(tx, period.since_ms, period.until_ms, owner.id)
            data = _drift_rows(found, lost)
            return {"object": "drift", "account": owner.name, **days, "data": data}

        return json_response(await self._database.read(work))


def shown_balance(balance: Balance) -> dict[str, Any]:
    """A postpaid account has no floor, and nothing bounds what is available to it."""
    available, floor = balance.available_nanos, balance.floor_nanos
    return {
        "prepaid": floor is not None,
        "posted": shown_money(balance.posted_nanos),
        "held": shown_money(balance.held_nanos),
        "available": None if available is None else shown_money(available),
        "floor": None if floor is None else shown_money(floor),
        **shown_budget(balance.budget),
    }


def owner_of(tx: Tx, principal: Principal, query: QueryParams, *, everybody: bool = False) -> Owner:
    """The account that is asked for. Raises :class:`Forbidden` and :class:`NotFound`."""
    name = query.get("account")
    if name is None:
        own = records.account_of(tx, principal.account_id)
        return Owner(principal.account_id, own.name if own else "")
    principal.require(ADMIN)
    if name == ALL and everybody:
        return Owner(None, ALL)
    found = records.account_named(tx, name) if name.isprintable() else None
    if found is None:
        raise NotFound(f"No account '{name[:64]}'.", param="account")
    return Owner(found.id, found.name)


def _groups(text: str) -> list[str]:
    by = [name.strip() for name in text.split(",")]
    if len(set(by)) < len(by) or not set(by) <= set(ledger.GROUPS):
        raise InvalidRequest(
            f"'by' is a comma-separated list of {', '.join(ledger.GROUPS)}, each once.", param="by"
        )
    return by


def _names(tx: Tx, by: list[str]) -> dict[str, Mapping[str, str]]:
    """Names for the ids that are grouped by."""
    found: dict[str, Mapping[str, str]] = {}
    if "key" in by:
        found["key"] = {key.id: key.name for key in records.listed(tx)}
    if "account" in by:
        found["account"] = {account.id: account.name for account in records.all_accounts(tx)}
    return found


def _usage(found: Usage, names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    amounts, total = shown_rows([row.charged_nanos for row in found.rows])
    data: list[dict[str, Any]] = []
    for row, amount in zip(found.rows, amounts, strict=True):
        groups: dict[str, Any] = {}
        for name, value in zip(found.by, row.groups, strict=True):
            groups[name] = value
            if name in names:
                groups[f"{name}_name"] = names[name].get(value)
        counts = {"jobs": row.jobs, "images": row.images, "failed": row.failed}
        data.append({**groups, **counts, **amount})
    counts = {"jobs": found.jobs, "images": found.images, "failed": found.failed}
    return {"data": data, "total": {**counts, **total}}


def _statement_json(head: dict[str, Any], found: Statement) -> Response:
    return json_response({**head, **_statement(found)})


def _statement(found: Statement | StatementPage) -> dict[str, Any]:
    return {
        "opening": shown_money(found.opening_nanos),
        "closing": shown_money(found.closing_nanos),
        "data": [_booking(row) for row in found.rows],
    }


def _booking(row: StatementRow) -> dict[str, Any]:
    return {
        "id": row.transfer_id,
        "at": shown_time(row.at_ms),
        "kind": row.kind,
        "amount": shown_money(row.amount_nanos),
        "balance": shown_money(row.balance_nanos),
        "job": row.job_id,
        "attempt": row.attempt,
        "key": row.key_id,
        "model": row.model,
        "note": row.note,
    }


def _statement_csv(head: dict[str, Any], found: Statement) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerow(_edge("opening", head["from"], found.opening_nanos))
    writer.writerows(_cells(row) for row in found.rows)
    writer.writerow(_edge("closing", head["to"], found.closing_nanos))
    name = "-".join(filter(None, ("statement", head["from"], head["to"])))
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.getvalue().encode(), headers=headers, media_type="text/csv")


def _edge(kind: str, day: str | None, nanos: int) -> list[Any]:
    blank = [None] * (len(_COLUMNS) - 6)
    return [day, kind, None, None, dollars(nanos), nanos, *blank]


def _cells(row: StatementRow) -> list[Any]:
    return [
        shown_time(row.at_ms),
        row.kind,
        dollars(row.amount_nanos),
        row.amount_nanos,
        dollars(row.balance_nanos),
        row.balance_nanos,
        row.job_id,
        row.attempt,
        *map(_harmless, (row.key_id, row.model, row.note, row.transfer_id)),
    ]


def _harmless(text: str | None) -> str | None:
    """Text that no spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{text}" if text and text.lstrip()[:1] in ("=", "+", "-", "@", "|", "%") else text


_FORMS: Mapping[str, Callable[[dict[str, Any], Statement], Response]] = {
    "json": _statement_json,
    "csv": _statement_csv,
}


def _drift_rows(found: Sequence[DriftRow], lost: Sequence[UnknownCost]) -> list[dict[str, Any]]:
    """A row for each deployment and model; ``unknown`` may be on the vendor's bill as well."""
    unknown = {(one.deployment, one.model): one for one in lost}
    rows = {(row.deployment, row.model): _drift(row) for row in found}
    for of in unknown.keys() - rows.keys():
        rows[of] = _drift(_nothing_captured(*of))
    for of, row in rows.items():
        one = unknown.get(of) or UnknownCost(*of)
        row["unknown"] = {"attempts": one.attempts, **shown_money(one.possible_nanos)}
    return [rows[of] for of in sorted(rows)]


def _nothing_captured(deployment: str, model: str) -> DriftRow:
    return DriftRow(
        deployment=deployment,
        model=model,
        jobs=0,
        expected_nanos=0,
        held_nanos=0,
        asked_nanos=0,
        captured_nanos=0,
        over_nanos=0,
        jobs_over=0,
        cost_nanos=None,
        invoiced_nanos=None,
    )


def _drift(row: DriftRow) -> dict[str, Any]:
    def money(nanos: int | None) -> dict[str, Any] | None:
        return None if nanos is None else shown_money(nanos)

    return {
        "deployment": row.deployment,
        "model": row.model,
        "jobs": row.jobs,
        "jobs_over": row.jobs_over,
        "expected": money(row.expected_nanos),
        "held": money(row.held_nanos),
        "asked": money(row.asked_nanos),
        "captured": money(row.captured_nanos),
        "drift": money(row.drift_nanos),
        "over": money(row.over_nanos),
        "absorbed": money(row.absorbed_nanos),
        "cost": money(row.cost_nanos),
        "invoiced": money(row.invoiced_nanos),
    }


def _invoices(query: QueryParams) -> dict[str, int]:
    """``invoice=<deployment>:<dollars>``, any number of them, each deployment once."""
    found: dict[str, int] = {}
    for text in query.getlist("invoice"):
        deployment, colon, amount = text.rpartition(":")
        if not colon or not deployment or deployment in found:
            raise InvalidRequest(
                "'invoice' is a deployment and its vendor's total: openai:12.34.", param="invoice"
            )
        found[deployment] = read_amount(amount, "invoice", least=0)
    return found
