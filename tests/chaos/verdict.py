"""What must be true after any crash, read from the database, the images, and everybody's books."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, text

from darkroom.db import Tx
from darkroom.db.tables import (
    assets,
    attempts,
    idempotency,
    jobs,
    ledger_entries,
    ledger_holds,
    webhook_callbacks,
    webhook_deliveries,
    webhook_endpoints,
)
from tests.chaos.clients import Receipt
from tests.chaos.storm import Aftermath, opened
from tests.chaos.vendor import Purchase
from tests.ledger.audit import audit

_FINAL = ("succeeded", "failed", "canceled")
_NANOS = (5_000, 30_000)
"""Of both models: a text token in, an image token out."""
_RESEND = {"third"}
"""Deployments that may be asked again although the call before may have been billed."""
_TENTHS = {"first": 9, "second": 10, "third": 10}
"""What each deployment makes of that price."""
Rows = Sequence[Row[Any]]


@dataclass
class Verdict:
    """``findings`` by kind; each has to stay empty. ``numbers`` say what was looked at."""

    findings: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    numbers: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, kind: str, what: str) -> None:
        self.findings[kind].append(what)

    @property
    def spotless(self) -> bool:
        return not any(self.findings.values())


KINDS = {
    "lost": "accepted jobs without an end, or gone",
    "doubled_jobs": "idempotency keys with more than one job",
    "bought_twice": "upstream successes that were bought again although nobody allowed it",
    "charged_twice": "upstream successes that were charged more than once",
    "charged_for_nothing": "charges without the images",
    "wrong_charge": "charges that are not the price of what arrived",
    "unbalanced": "ledgers that do not add up, holds that stay",
    "missing_image": "images that are gone, or not the bytes that were made",
    "untold": "webhooks that did not arrive",
    "told_too_early": "webhooks before their charge was settled",
    "unverified": "webhooks whose signature or contents are wrong",
    "unrecorded": "upstream successes that nobody can see any more in the job's attempts",
    "damaged": "databases that SQLite finds at fault",
}


def judge(found: Aftermath) -> Verdict:
    """Look at everything. No server runs."""
    verdict = Verdict()
    with opened(found.database_url) as connection:
        books = _Books(connection)
        _check_jobs(verdict, books, found.receipts)
        _check_purchases(verdict, books, found.purchases)
        _check_charges(verdict, books, found.purchases)
        _check_told_charges(verdict, books, found.receipts)
        _check_images(verdict, books, found.receipts, found.data_dir / "images")
        for broken in found.broken_links:
            verdict.add("missing_image", f"a link leads nowhere: {broken}")
        _check_webhooks(verdict, books, found)
        _check_ledger(verdict, connection)
    states = Counter(job.state for job in books.jobs.values())
    attempted = Counter(one.state for tried in books.attempts.values() for one in tried)
    orphans = len(found.purchases) - sum(attempted[state] for state in ("succeeded",))
    verdict.numbers = {
        "kills": found.kills,
        "of them while starting": found.kills_at_start,
        "freezes": found.freezes,
        "jobs": len(books.jobs),
        "succeeded": states["succeeded"],
        "failed": states["failed"],
        "clients that asked again": sum(one.asked > 1 for one in found.receipts),
        "attempts": attempted.total(),
        "attempts of unknown outcome": attempted["sent_unknown"],
        "upstream successes": len(found.purchases),
        "of them orphaned": orphans,
        "links followed": found.links,
        "webhooks": len(books.deliveries),
        "deliveries made": len(found.sink.told),
        "of them compared with the API": found.sink.looked,
        "seconds": round(found.seconds),
    }
    return verdict


class _Books:
    """The tables, by job."""

    def __init__(self, connection: Connection) -> None:
        def rows(table: Any) -> Rows:
            return connection.execute(select(table)).all()

        self.jobs = {row.id: row for row in rows(jobs)}
        self.attempts = _by_job(sorted(rows(attempts), key=lambda row: row.number))
        self.assets = _by_job(rows(assets))
        self.deliveries = rows(webhook_deliveries)
        self.holds = {row.job_id: row for row in rows(ledger_holds)}
        self.keys: dict[str, str] = {row.token: row.job_id for row in rows(idempotency)}
        self.endpoints = [row.id for row in rows(webhook_endpoints)]
        self.callbacks = {row.job_id for row in rows(webhook_callbacks)}
        # The prompt of a client is its key as well: this is how the vendor's books find a job.
        self.prompts = {job_id: token for token, job_id in self.keys.items()}


def _by_job(rows: Iterable[Row[Any]]) -> Mapping[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.job_id].append(row)
    return found


def _check_jobs(verdict: Verdict, books: _Books, receipts: Sequence[Receipt]) -> None:
    for job in books.jobs.values():
        if job.state not in _FINAL:
            verdict.add("lost", f"{job.id} is {job.state}")
        if any(one.state == "open" for one in books.attempts[job.id]):
            verdict.add("unrecorded", f"{job.id} has ended with an attempt that is still open")
        if job.id not in books.prompts:
            verdict.add("doubled_jobs", f"{job.id} has no key of its own")
    for receipt in receipts:
        kept = books.keys.get(receipt.order.prompt)
        if kept not in books.jobs:
            verdict.add("lost", f"'{receipt.order.prompt}' was answered, and its job is gone")
        elif receipt.job_ids != {kept}:
            verdict.add("doubled_jobs", f"'{receipt.order.prompt}': {receipt.job_ids}, {kept}")
        elif books.jobs[kept].state != receipt.state:
            verdict.add("lost", f"{kept}: {receipt.state} for its client, {books.jobs[kept].state}")


def _check_purchases(verdict: Verdict, books: _Books, purchases: Sequence[Purchase]) -> None:
    """What a vendor sold without our knowing must show as an attempt of unknown outcome."""
    sold: dict[str, list[Purchase]] = defaultdict(list)
    for purchase in purchases:
        sold[purchase.prompt].append(purchase)
    for prompt, bought in sold.items():
        job_id = books.keys.get(prompt, "")
        tried = books.attempts[job_id]
        unknown = sum(one.state == "sent_unknown" for one in tried)
        known = sum(one.state == "succeeded" for one in tried)
        if len(bought) > known + unknown:
            states = [one.state for one in tried]
            verdict.add("unrecorded", f"'{prompt}' was sold {len(bought)} times, {states}")
        if len(bought) > 1 and {one.deployment for one in bought} - _RESEND:
            verdict.add("bought_twice", f"'{prompt}': {[one.request_id for one in bought]}")


def _check_charges(verdict: Verdict, books: _Books, purchases: Sequence[Purchase]) -> None:
    by_id = {one.request_id: one for one in purchases}
    charged = Counter[str]()
    for job_id, job in books.jobs.items():
        hold = books.holds.get(job_id)
        captured = 0 if hold is None else hold.captured_nanos
        won = [one for one in books.attempts[job_id] if one.state == "succeeded"]
        if job.state != "succeeded":
            if captured or won:
                verdict.add("charged_for_nothing", f"{job_id} is {job.state}: {captured} nanos")
            continue
        bought = [by_id[one.upstream_id] for one in won if one.upstream_id in by_id]
        made = [one for one in books.assets[job_id] if one.kind == "result"]
        if len(bought) != 1 or bought[0].prompt != books.prompts.get(job_id):
            verdict.add("charged_for_nothing", f"{job_id}: its image is nobody's: {won}")
        elif len(made) != bought[0].images:
            verdict.add("charged_for_nothing", f"{job_id}: {len(made)} of {bought[0].images}")
        elif captured != price(bought[0]):
            verdict.add("wrong_charge", f"{job_id}: {captured}, not {price(bought[0])}")
        charged.update(one.request_id for one in bought)
    for request_id, times in charged.items():
        if times > 1:
            verdict.add("charged_twice", f"{request_id} was charged {times} times")


def _check_told_charges(verdict: Verdict, books: _Books, receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        hold = books.holds.get(books.keys.get(receipt.order.prompt, ""))
        captured = 0 if hold is None else hold.captured_nanos
        if receipt.charge_nanos not in (None, captured):
            told = f"{captured}, and {receipt.charge_nanos} to its client"
            verdict.add("wrong_charge", f"'{receipt.order.prompt}': {told}")


def price(bought: Purchase) -> int:
    """In nano-dollars, each line rounded half up as the ledger does."""
    tenths = _TENTHS[bought.deployment]
    amounts = (count * unit * tenths for count, unit in zip(bought.tokens, _NANOS, strict=True))
    return sum((amount * 2 + 10) // 20 for amount in amounts)


def _check_images(
    verdict: Verdict, books: _Books, receipts: Sequence[Receipt], folder: Path
) -> None:
    for job_id, stored in books.assets.items():
        for asset in stored:
            path = folder / asset.sha256[:2] / asset.sha256
            if not path.is_file():
                verdict.add("missing_image", f"{job_id}: {asset.kind} {asset.sha256} is gone")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != asset.sha256:
                verdict.add("missing_image", f"{job_id}: {asset.kind} {asset.sha256} differs")
    for receipt in receipts:
        job_id = books.keys.get(receipt.order.prompt, "")
        made = sorted(
            (one for one in books.assets[job_id] if one.kind == "result"),
            key=lambda one: one.position,
        )
        if receipt.hashes and receipt.hashes != [one.sha256 for one in made]:
            verdict.add("missing_image", f"{job_id}: its client got other images")


def _check_webhooks(verdict: Verdict, books: _Books, found: Aftermath) -> None:
    first_ms: dict[str, int] = {}
    accepted: set[str] = set()
    for told in found.sink.told:
        first_ms.setdefault(told.id, told.at_ms)
        if told.accepted:
            accepted.add(told.id)
        if told.problem:
            early = "while the job was" in told.problem
            verdict.add("told_too_early" if early else "unverified", told.problem)
    wanted = {(job_id, endpoint) for job_id in books.jobs for endpoint in books.endpoints}
    wanted |= {(job_id, None) for job_id in books.callbacks}
    there = Counter((one.job_id, one.endpoint_id) for one in books.deliveries)
    if set(there) != wanted or there.total() != len(wanted):
        wrong = set(there) ^ wanted or {one for one in there if there[one] > 1}
        verdict.add("untold", f"events and their addresses: {sorted(map(str, wrong))[:5]}")
    for one in books.deliveries:
        if one.state != "delivered" or one.id not in accepted:
            verdict.add("untold", f"{one.id} of {one.job_id} is {one.state}")
        hold = books.holds.get(one.job_id)
        if one.id in first_ms and (hold is None or first_ms[one.id] < (hold.resolved_at_ms or 0)):
            verdict.add("told_too_early", f"{one.id} of {one.job_id}")


def _check_ledger(verdict: Verdict, connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        said = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        if list(said) != ["ok"]:
            verdict.add("damaged", str(said))
    amounts = connection.execute(select(ledger_entries.c.amount_nanos)).scalars()
    if total := sum(amounts):
        verdict.add("unbalanced", f"all entries come to {total}")
    held = select(ledger_holds.c.job_id).where(ledger_holds.c.state == "held")
    for job_id in connection.execute(held).scalars():
        verdict.add("unbalanced", f"{job_id} still has its hold")
    try:
        audit(Tx(connection))
    except AssertionError as error:
        verdict.add("unbalanced", f"the audit: {error}"[:500])
