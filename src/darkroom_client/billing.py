"""What was spent, what is left, and money paid in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from darkroom_client.flows import Call, Flow, asking
from darkroom_client.money import Money
from darkroom_client.resources import AsyncResource, SyncResource, method


@dataclass(frozen=True, slots=True)
class UsageRow:
    """``groups`` in the order that was asked for: ids, names of models, days as ISO dates.

    ``labels`` are the same for people: a key or an account by its name. ``credits`` are for
    display, and rounded so that the rows add up to the total that is shown.
    """

    groups: tuple[str, ...]
    labels: tuple[str, ...]
    jobs: int
    charged: Money
    credits: str

    @classmethod
    def of(cls, said: Mapping[str, Any], by: Sequence[str]) -> Self:
        groups = tuple(str(said[name]) for name in by)
        labels = (
            str(said.get(f"{name}_name") or group) for name, group in zip(by, groups, strict=True)
        )
        return cls(groups, tuple(labels), said["jobs"], Money.of(said), said["credits"])


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Charges less refunds; ``jobs`` and ``charged`` are the sums of the rows."""

    account: str
    by: tuple[str, ...]
    rows: tuple[UsageRow, ...]
    jobs: int
    charged: Money
    credits: str
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        total = said["total"]
        return cls(
            account=said["account"],
            by=tuple(said["by"]),
            rows=tuple(UsageRow.of(one, said["by"]) for one in said["data"]),
            jobs=total["jobs"],
            charged=Money.of(total),
            credits=total["credits"],
            raw=said,
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on spending in one window: ``total``, ``day`` or ``month``, by UTC."""

    window: str
    limit: Money
    used: Money
    """Charges in that window, and what running jobs may still cost."""

    @classmethod
    def all_of(cls, said: Mapping[str, Any]) -> tuple[Self, ...]:
        """Those that are set."""
        return tuple(
            cls(name.removesuffix("_usd"), Money.dollars(limit), Money.dollars(said["used"][name]))
            for name, limit in said["budget"].items()
            if limit is not None
        )


@dataclass(frozen=True, slots=True)
class Balance:
    """The account's money. ``held`` is what running jobs may still cost.

    ``available`` is what is left for new jobs; None: the account is tracked without limit.
    """

    account: str
    prepaid: bool
    posted: Money
    held: Money
    available: Money | None
    budgets: tuple[Budget, ...]
    """The account's."""
    key_budgets: tuple[Budget, ...]
    """Those of the key that asks; none where the answer is not about it."""
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(
            account=said["account"],
            prepaid=said["prepaid"],
            posted=Money.of(said["posted"]),
            held=Money.of(said["held"]),
            available=Money.of(said["available"]) if said["available"] else None,
            budgets=Budget.all_of(said),
            key_budgets=Budget.all_of(said["key"]) if "key" in said else (),
            raw=said,
        )


@dataclass(frozen=True, slots=True)
class TopUp:
    """``booked`` is False when that reference was booked before: nothing changed then."""

    amount: Money
    booked: bool
    balance: Balance

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(Money.of(said["amount"]), said["booked"], Balance.of(said))


@dataclass(frozen=True, slots=True)
class Refund:
    """``booked`` is False when that reference was booked before: nothing changed then."""

    job: str
    amount: Money
    booked: bool
    charged: Money
    refunded: Money
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        amount, charged = Money.of(said["amount"]), Money.of(said["charged"])
        return cls(said["job"], amount, said["booked"], charged, Money.of(said["refunded"]), said)


@dataclass(frozen=True, slots=True)
class Booking:
    """One line of a statement. ``balance`` is what there was after it."""

    at: str
    kind: str
    amount: Money
    balance: Money
    job: str
    note: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        amount, balance = Money.of(said["amount"]), Money.of(said["balance"])
        job, note = said["job"] or "", said["note"] or ""
        return cls(said["at"], said["kind"], amount, balance, job, note)


@dataclass(frozen=True, slots=True)
class Statement:
    """``opening`` and the amounts of all rows add up to ``closing``."""

    account: str
    opening: Money
    closing: Money
    rows: tuple[Booking, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        opening, closing = Money.of(said["opening"]), Money.of(said["closing"])
        rows = tuple(Booking.of(one) for one in said["data"])
        return cls(said["account"], opening, closing, rows, said)


@dataclass(frozen=True, slots=True)
class DriftRow:
    """What one deployment charged for one model, at each step. None: nobody said.

    ``unknown`` is what attempts may have cost that ended without an image.
    """

    deployment: str
    model: str
    jobs: int
    expected: Money
    captured: Money
    drift: Money
    cost: Money | None
    invoiced: Money | None
    unknown: Money

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        def known(name: str) -> Money | None:
            return Money.of(said[name]) if said[name] else None

        return cls(
            deployment=said["deployment"],
            model=said["model"],
            jobs=said["jobs"],
            expected=Money.of(said["expected"]),
            captured=Money.of(said["captured"]),
            drift=Money.of(said["drift"]),
            cost=known("cost"),
            invoiced=known("invoiced"),
            unknown=Money.of(said["unknown"]),
        )


@dataclass(frozen=True, slots=True)
class Drift:
    """What was quoted, charged and billed by vendors, side by side."""

    account: str
    rows: tuple[DriftRow, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(said["account"], tuple(DriftRow.of(one) for one in said["data"]), said)


class _Calls:
    @method
    def usage(
        self,
        *,
        by: Sequence[str] = ("model",),
        first: str | None = None,
        last: str | None = None,
        account: str | None = None,
    ) -> Flow[UsageReport]:
        """Charges by any of account, key, model, provider, deployment and day.

        ``first`` and ``last`` are days such as ``"2026-11-20"``, both included, UTC.
        ``account="all"`` is everybody's.
        """
        asked = {"by": ",".join(by), "from": first, "to": last, "account": account}
        query = {name: value for name, value in asked.items() if value is not None}
        call = Call("GET", "/v1/usage", content={"params": query})
        return asking(call, UsageReport.of)

    @method
    def balance(self, account: str | None = None) -> Flow[Balance]:
        """Raises :class:`NotFoundError` for an account that nobody has a key of."""
        query = {} if account is None else {"account": account}
        return asking(Call("GET", "/v1/balance", content={"params": query}), Balance.of)

    @method
    def top_up(
        self, account: str, amount_usd: str, *, reference: str | None = None, note: str = ""
    ) -> Flow[TopUp]:
        """Pay in. ``amount_usd`` is text: ``"25.00"``.

        The same ``reference``, such as a payment's number, is booked once however often it comes.
        Raises :class:`NotFoundError`.
        """
        body = {"amount_usd": amount_usd, "reference": reference, "note": note or None}
        call = Call(
            "POST",
            f"/v1/accounts/{quote(account, safe='')}/top-ups",
            content={"json": {name: value for name, value in body.items() if value is not None}},
            # Without a reference nobody could tell that it is the same money.
            repeatable=reference is not None,
        )
        return asking(call, TopUp.of)

    @method
    def refund(
        self,
        job_id: str,
        reason: str,
        *,
        amount_usd: str | None = None,
        reference: str | None = None,
    ) -> Flow[Refund]:
        """Give back what a job was charged, all that is left of it or ``amount_usd``.

        The same ``reference`` is booked once. Raises :class:`NotFoundError`.
        """
        body = {"amount_usd": amount_usd, "reason": reason, "reference": reference}
        call = Call(
            "POST",
            f"/v1/jobs/{quote(job_id, safe='')}/refunds",
            content={"json": {name: value for name, value in body.items() if value is not None}},
            repeatable=reference is not None,
        )
        return asking(call, Refund.of)

    @method
    def statement(
        self, *, first: str | None = None, last: str | None = None, account: str | None = None
    ) -> Flow[Statement]:
        """Every booking of an account, oldest first; days as in :meth:`usage`."""
        asked = {"from": first, "to": last, "account": account}
        query = {name: value for name, value in asked.items() if value is not None}
        return asking(Call("GET", "/v1/statement", content={"params": query}), Statement.of)

    @method
    def drift(
        self,
        *,
        first: str | None = None,
        last: str | None = None,
        account: str | None = None,
        invoices: Mapping[str, str] | None = None,
    ) -> Flow[Drift]:
        """Quotes against charges against costs, by deployment and model; days as in :meth:`usage`.

        ``invoices`` has the vendors' totals in dollars, by deployment. For admins.
        """
        asked = {"from": first, "to": last, "account": account}
        query: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        query["invoice"] = [f"{name}:{total}" for name, total in (invoices or {}).items()]
        return asking(Call("GET", "/v1/drift", content={"params": query}), Drift.of)


class Billing(_Calls, SyncResource):
    """``client.billing``: the money of the key's account, or with the scope ``admin`` of any."""


class AsyncBilling(_Calls, AsyncResource):
    """``client.billing``: the money of the key's account, or with the scope ``admin`` of any."""
