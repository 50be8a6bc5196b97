"""``/v1/accounts``, top-ups and refunds: the operator's side of money, for the scope ``admin``."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from darkroom import ledger
from darkroom.core.errors import InvalidRequest, NotFound
from darkroom.core.ids import now_ms
from darkroom.core.times import shown_time
from darkroom.db import Tx
from darkroom.server import records
from darkroom.server.amounts import changed_limits, known_fields, read_amount, read_line
from darkroom.server.body import read_json
from darkroom.server.door import Door, path_id
from darkroom.server.keys import ADMIN
from darkroom.server.money import shown_balance
from darkroom.server.native import json_response, shown_money
from darkroom.server.records import AccountRow

_BODY_MAX = 64 * 1024


def routes(door: Door) -> list[Route]:
    view = AccountsView(door)
    # an account's name is its owner's choice: it may hold a slash
    one = "/v1/accounts/{name:path}"
    return [
        Route("/v1/accounts", door.guarded(view.list), methods=["GET"]),
        Route(f"{one}/top-ups", door.guarded(view.top_up), methods=["POST"]),
        Route(one, door.guarded(view.change), methods=["PATCH"]),
        Route("/v1/jobs/{job_id}/refunds", door.guarded(view.refund), methods=["POST"]),
    ]


class AccountsView:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._database = door.services.database

    async def list(self, request: Request) -> Response:
        (await self._door.principal(request)).require(ADMIN)
        now = now_ms()

        def work(tx: Tx) -> dict[str, Any]:
            data = [_shown(tx, account, now) for account in records.all_accounts(tx)]
            return {"object": "list", "data": data}

        return json_response(await self._database.read(work))

    async def change(self, request: Request) -> Response:
        """``{prepaid, budget}``: what is not named stays as it is."""
        body = await self._body(request, "prepaid", "budget")
        prepaid = body.get("prepaid")
        if "prepaid" in body and not isinstance(prepaid, bool):
            raise InvalidRequest("'prepaid' is true or false.", param="prepaid")
        now = now_ms()

        def work(tx: Tx) -> dict[str, Any]:
            account = _named(tx, request)
            if prepaid is not None:
                ledger.open_account(tx, account.id, 0 if prepaid else None)
            if "budget" in body:
                limits = ledger.balance(tx, account.id, now).budget.limits
                ledger.limit_account(tx, account.id, changed_limits(limits, body["budget"]))
            return _shown(tx, account, now)

        return json_response(await self._database.write(work))

    async def top_up(self, request: Request) -> Response:
        """201; or 200 and nothing booked when that reference was booked before."""
        body = await self._body(request, "amount_usd", "reference", "note")
        amount = read_amount(body.get("amount_usd"), "amount_usd")
        reference = read_line(body.get("reference"), "reference")
        note = read_line(body.get("note"), "note") or ""
        now = now_ms()

        def work(tx: Tx) -> tuple[bool, dict[str, Any]]:
            account = _named(tx, request)
            booked = ledger.top_up(tx, ledger.TopUp(account.id, amount, now, note, reference))
            return booked, {
                "object": "top_up",
                "account": account.name,
                "amount": shown_money(amount),
                "reference": reference,
                "booked": booked,
                **shown_balance(ledger.balance(tx, account.id, now)),
            }

        booked, answer = await self._database.write(work)
        return json_response(answer, 201 if booked else 200)

    async def refund(self, request: Request) -> Response:
        """Without an amount, all of the charge that is not refunded yet."""
        body = await self._body(request, "amount_usd", "reason", "reference")
        job_id = path_id(request, "job_id")
        wanted = body.get("amount_usd")
        amount = None if wanted is None else read_amount(wanted, "amount_usd")
        reference = read_line(body.get("reference"), "reference")
        reason = read_line(body.get("reason"), "reason")
        if reason is None:
            raise InvalidRequest("Missing required parameter: 'reason'.", param="reason")
        now = now_ms()

        def work(tx: Tx) -> tuple[bool, dict[str, Any]]:
            nanos = amount or _refundable(tx, job_id, reference)
            given = ledger.Refund(job_id, nanos, reason, now, reference)
            booked = ledger.refund(tx, given)
            money = ledger.job_money(tx, job_id)
            return booked, {
                "object": "refund",
                "job": job_id,
                "amount": shown_money(nanos),
                "reason": reason,
                "reference": reference,
                "booked": booked,
                "charged": shown_money(money.captured_nanos if money else 0),
                "refunded": shown_money(money.refunded_nanos if money else 0),
            }

        booked, answer = await self._database.write(work)
        return json_response(answer, 201 if booked else 200)

    async def _body(self, request: Request, *names: str) -> dict[str, Any]:
        (await self._door.principal(request)).require(ADMIN)
        body = await read_json(request, self._door.patience, _BODY_MAX)
        known_fields(body, *names)
        return body


def _named(tx: Tx, request: Request) -> AccountRow:
    name = request.path_params["name"]
    found = records.account_named(tx, name) if name.isprintable() else None
    if found is None:
        raise NotFound(f"No account '{name[:64]}'. A key makes its account.")
    return found


def _refundable(tx: Tx, job_id: str, reference: str | None) -> int:
    """What that reference refunded before, or what is left of the charge."""
    before = None if reference is None else ledger.refunded_as(tx, job_id, reference)
    if before is not None:
        return before
    money = ledger.job_money(tx, job_id)
    if money is None:
        raise NotFound(f"No charge for a job '{job_id}'.")
    left = money.captured_nanos - money.refunded_nanos
    if not left:
        raise InvalidRequest(f"Nothing of the charge of job '{job_id}' is left to refund.")
    return left


def _shown(tx: Tx, account: AccountRow, at_ms: int) -> dict[str, Any]:
    return {
        "id": account.id,
        "object": "account",
        "name": account.name,
        "created_at": shown_time(account.created_at_ms),
        **shown_balance(ledger.balance(tx, account.id, at_ms)),
    }
