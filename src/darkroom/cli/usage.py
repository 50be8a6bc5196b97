"""``darkroom usage``: what was spent, and on what."""

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.amounts import columns
from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import reported
from darkroom.cli.screen import Screen
from darkroom.core.money import lined_up

if TYPE_CHECKING:
    from darkroom_client import UsageReport


@click.command()
@click.option(
    "--by",
    default="model",
    metavar="NAMES",
    help="One or several of account, key, model, provider, deployment, day. [default: model]",
)
@click.option("--from", "first", metavar="DAY", help="First day, such as 2026-11-01, UTC.")
@click.option("--to", "last", metavar="DAY", help="Last day, included.")
@click.option("--account", help="Of this account, or 'all': for admins. Default: the key's own.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values on stdout.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@connection_options
def command(as_csv: bool, as_json: bool, **options: Any) -> None:
    """Print what was charged, less refunds. The rows add up to the total.

    \b
        darkroom usage --by model,day --from 2026-11-01
        darkroom usage --by key --account all --csv > november.csv
    """
    with reported(as_json):
        if as_csv and as_json:
            raise click.UsageError("'--csv' and '--json' both want stdout.")
        with connected(options, Screen()) as client:
            report = client.billing.usage(
                by=[name.strip() for name in options["by"].split(",")],
                first=options["first"],
                last=options["last"],
                account=options["account"],
            )
        if as_json:
            click.echo(json.dumps({"ok": True, **report.raw}, ensure_ascii=False))
        elif as_csv:
            click.echo(_csv(report), nl=False)
        else:
            click.echo(_table(report))


def _table(report: "UsageReport") -> str:
    many = len(report.by)
    charged = lined_up([*(str(row.charged) for row in report.rows), str(report.charged)])
    credits = lined_up([*(row.credits for row in report.rows), report.credits])
    rows = [[*(name.upper() for name in report.by), "JOBS", "CHARGED", "CREDITS"]]
    rows += [
        [*(label or "-" for label in row.labels), f"{row.jobs:,}", usd, shown]
        for row, usd, shown in zip(report.rows, charged, credits, strict=False)
    ]
    blank = [""] * (many - 1)
    rows.append(["total", *blank, f"{report.jobs:,}", charged[-1], credits[-1]])
    return columns(rows, left=many)


def _csv(report: "UsageReport") -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*report.by, "jobs", "usd", "nanos", "credits"])
    for row in report.rows:
        labels = (_harmless(label) for label in row.labels)
        writer.writerow([*labels, row.jobs, row.charged.usd, row.charged.nanos, row.credits])
    return text.getvalue()


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@", "|", "%") else text
