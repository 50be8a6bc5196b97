"""``darkroom credits``: what an account has left, and money paid in."""

import json
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.amounts import columns
from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.screen import Screen
from darkroom.core.money import lined_up

if TYPE_CHECKING:
    from darkroom_client import Balance, Budget, Drift, Money, Statement

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_HELP = ("-h", "--help")


class BalanceFirst(click.Group):
    """A group whose first command is meant when none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in _HELP):
            args = ["balance", *args]
        return super().parse_args(ctx, args)


@click.group(cls=BalanceFirst)
def command() -> None:
    """Show what an account has left, or pay in. Without a command: balance."""


@command.command()
@click.option("--account", help="Of this account: for admins. Default: the key's own.")
@_AS_JSON
@connection_options
def balance(account: str | None, as_json: bool, **options: Any) -> None:
    """Print the balance, what running jobs hold of it, and the budgets.

    \b
        darkroom credits balance --account workshop
    """
    with reported(as_json):
        with connected(options, Screen()) as client:
            found = client.billing.balance(account)
        if as_json:
            click.echo(json.dumps({"ok": True, **found.raw}, ensure_ascii=False))
            return
        click.echo(_shown(found))


@command.command()
@click.argument("account")
@click.argument("amount")
@click.option("--reference", help="A payment's number, say: the same one is booked once.")
@click.option("--note", default="", help="A line for the statement.")
@_AS_JSON
@connection_options
def add(account: str, amount: str, as_json: bool, **options: Any) -> None:
    """Pay AMOUNT, in US dollars, into ACCOUNT; for admins.

    \b
        darkroom credits add workshop 25.00 --reference invoice-17
    """
    screen = Screen()
    with reported(as_json):
        with connected(options, screen) as client:
            done = client.billing.top_up(
                account,
                amount.removeprefix("$"),
                reference=options["reference"],
                note=options["note"],
            )
        if as_json:
            click.echo(json.dumps({"ok": True, **done.balance.raw}, ensure_ascii=False))
        elif done.booked:
            click.echo(f"{done.amount} ({done.amount.credits} credits) paid into '{account}'")
        else:
            click.echo(f"'{options['reference']}' was booked before: nothing changed")
        if not as_json:
            click.echo(_shown(done.balance))


@command.command()
@click.argument("job_id", metavar="JOB")
@click.argument("amount", required=False)
@click.option("--reason", required=True, help="A line for the statement.")
@click.option("--reference", help="The same one is booked once.")
@_AS_JSON
@connection_options
def refund(job_id: str, amount: str | None, as_json: bool, **options: Any) -> None:
    """Give back what JOB was charged: AMOUNT, in US dollars, or all that is left; for admins.

    \b
        darkroom credits refund job_… --reason "wrong colours"
    """
    with reported(as_json):
        with connected(options, Screen()) as client:
            done = client.billing.refund(
                job_id,
                options["reason"],
                amount_usd=None if amount is None else amount.removeprefix("$"),
                reference=options["reference"],
            )
        if as_json:
            click.echo(json.dumps({"ok": True, **done.raw}, ensure_ascii=False))
        elif done.booked:
            click.echo(f"{done.amount} given back; {done.refunded} of {done.charged} in all")
        else:
            click.echo(f"'{options['reference']}' was booked before: nothing changed")


@command.command()
@click.option("--from", "first", metavar="DAY", help="First day, such as 2026-11-01, UTC.")
@click.option("--to", "last", metavar="DAY", help="Last day, included.")
@click.option("--account", help="Of this account: for admins. Default: the key's own.")
@_AS_JSON
@connection_options
def statement(as_json: bool, **options: Any) -> None:
    """Print every booking, with the balance after it.

    \b
        darkroom credits statement --from 2026-11-01
    """
    with reported(as_json):
        with connected(options, Screen()) as client:
            found = client.billing.statement(
                first=options["first"], last=options["last"], account=options["account"]
            )
        if as_json:
            click.echo(json.dumps({"ok": True, **found.raw}, ensure_ascii=False))
            return
        click.echo(_bookings(found))


@command.command()
@click.option("--from", "first", metavar="DAY", help="First day, such as 2026-11-01, UTC.")
@click.option("--to", "last", metavar="DAY", help="Last day, included.")
@click.option("--account", help="Of this account alone. Default: of all.")
@click.option(
    "--invoice",
    "invoices",
    multiple=True,
    metavar="DEPLOYMENT=USD",
    help="What a vendor's invoice says in all; may be repeated.",
)
@_AS_JSON
@connection_options
def drift(invoices: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Print what was quoted, charged and billed by vendors, side by side; for admins.

    \b
        darkroom credits drift --from 2026-11-01 --invoice openai=12.34
    """
    totals = dict(map(_invoice, invoices))
    with reported(as_json):
        with connected(options, Screen()) as client:
            found = client.billing.drift(
                first=options["first"],
                last=options["last"],
                account=options["account"],
                invoices=totals,
            )
        if as_json:
            click.echo(json.dumps({"ok": True, **found.raw}, ensure_ascii=False))
            return
        click.echo(_side_by_side(found))


def _invoice(text: str) -> tuple[str, str]:
    deployment, equals, total = text.rpartition("=")
    if not equals or not deployment:
        raise click.UsageError(f"'{text}' is no invoice: write openai=12.34.")
    return deployment, total.removeprefix("$")


def _side_by_side(found: "Drift") -> str:
    names = ("expected", "captured", "drift", "cost", "invoiced", "unknown")
    amounts = [[_amount(getattr(row, name)) for name in names] for row in found.rows]
    aligned = [lined_up(column) for column in zip(*amounts, strict=True)]
    rows = [["DEPLOYMENT", "MODEL", "JOBS", *map(str.upper, names)]]
    rows += [
        [row.deployment, row.model, f"{row.jobs:,}", *(column[at] for column in aligned)]
        for at, row in enumerate(found.rows)
    ]
    return columns(rows, left=2, total=False)


def _amount(money: "Money | None") -> str:
    return "" if money is None else str(money)


def _bookings(found: "Statement") -> str:
    amounts = lined_up([str(row.amount) for row in found.rows])
    balances = lined_up([str(one) for one in (*(row.balance for row in found.rows), found.closing)])
    rows = [["AT (UTC)", "KIND", "JOB", "AMOUNT", "BALANCE"]]
    rows += [
        [row.at[:19].replace("T", " "), row.kind, row.job or row.note or "-", amount, balance]
        for row, amount, balance in zip(found.rows, amounts, balances, strict=False)
    ]
    rows.append(["closing", "", "", "", balances[-1]])
    return columns(rows, left=3)


def _shown(found: "Balance") -> str:
    kind = "prepaid" if found.prepaid else "tracked without limit"
    named = [("balance", found.posted), ("held", found.held)]
    if found.available is not None:
        named.append(("available", found.available))
    usd = lined_up([str(money) for _, money in named])
    credits = lined_up([money.credits for _, money in named])
    wide, wide_credits = max(map(len, usd)), max(map(len, credits))
    lines = [f"account    {found.account} ({kind})"]
    lines += [
        f"{name:<9}  {dollars:>{wide}}  {shown:>{wide_credits}} credits"
        for (name, _), dollars, shown in zip(named, usd, credits, strict=True)
    ]
    lines += [_budget("account", one) for one in found.budgets]
    lines += [_budget("this key", one) for one in found.key_budgets]
    return "\n".join(lines)


def _budget(whose: str, one: "Budget") -> str:
    window = {"total": "in total", "day": "today", "month": "this month"}[one.window]
    return f"budget     {one.used} of {one.limit} used {window} ({whose})"
