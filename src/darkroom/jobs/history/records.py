"""What is asked of the jobs table by somebody who looks back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from darkroom.assets import hand_over, last_makers, makers, owned_assets, remove_of_job
from darkroom.core.ids import first_id
from darkroom.core.job import Asset, Job, JobState
from darkroom.db import Tx
from darkroom.db.tables import attempts, job_inputs, jobs
from darkroom.jobs import records
from darkroom.jobs.folding import folded

_OPEN = (JobState.QUEUED, JobState.RUNNING)
_STOPPED = (JobState.FAILED, JobState.CANCELED)
_HOUR_MS = 3_600_000
_CHILDREN_MAX = 1_000
_NOBODY = ""
_CHILDREN = (
    select(job_inputs.c.parent_id, func.count(job_inputs.c.job_id.distinct()).label("children"))
    .where(job_inputs.c.parent_id.in_(bindparam("parent_ids", expanding=True)))
    .group_by(job_inputs.c.parent_id)
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs; what is empty or None does not matter. Times are milliseconds since the epoch."""

    states: tuple[JobState, ...] = ()
    model: str | None = None
    """As asked for, or as served."""
    operation: str | None = None
    deployment: str | None = None
    words: str = ""
    """A part of the prompt."""
    since_ms: int | None = None
    until_ms: int | None = None
    """The first moment that is too late."""
    sha256: str | None = None
    """Of an image that the job made."""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs wait and run now, and how many of a time ended how."""

    by_state: dict[JobState, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True)
class Relatives:
    """What a job has to do with others of its account."""

    parents: tuple[str, ...] = ()
    """Ids of the jobs that made its input images, in the order of those."""
    children: int = 0
    inputs: tuple[Asset, ...] = ()
    """Its input images, wherever they came from; without those that were deleted."""
    mask: Asset | None = None


@dataclass(slots=True)
class _Family:
    parents: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    children: dict[str, int] = field(default_factory=dict[str, int])
    images: dict[str, Asset] = field(default_factory=dict[str, Asset])


def page(tx: Tx, account_id: str, limit: int, before: str | None, wanted: Wanted) -> list[Job]:
    """Newest first, older than the job ``before``."""
    query = select(jobs).where(jobs.c.account_id == account_id, *_conditions(wanted))
    if before is not None:
        query = query.where(jobs.c.id < before)
    # Few jobs are related to one: found first, so that the others are not looked at.
    if wanted.sha256 is not None:
        query = query.where(jobs.c.id.in_(makers(tx, account_id, wanted.sha256)))
    if wanted.parent is not None:
        query = query.where(jobs.c.id.in_(_children(tx, wanted.parent)))
    rows = tx.execute(query.order_by(jobs.c.id.desc()).limit(limit)).all()
    return records.read(tx, rows)


def _children(tx: Tx, job_id: str) -> list[str]:
    """The newest jobs that start from an image of this one."""
    ids = job_inputs.c.job_id
    query = select(ids).where(job_inputs.c.parent_id == job_id).distinct().order_by(ids.desc())
    return list(tx.execute(query.limit(_CHILDREN_MAX)).scalars())


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(_in_states(wanted.states))
    if wanted.model is not None:
        found.append(or_(jobs.c.model == wanted.model, jobs.c.asked_model == wanted.model))
    if wanted.operation is not None:
        found.append(jobs.c.operation == wanted.operation)
    if wanted.deployment is not None:
        found.append(jobs.c.deployment == wanted.deployment)
    if wanted.words:
        found.append(jobs.c.words.contains(folded(wanted.words), autoescape=True))
    if wanted.since_ms is not None:
        found += _since(wanted.since_ms)
    if wanted.until_ms is not None:
        # an id is made before its job is accepted, so it is no greater
        found.append(jobs.c.id < first_id(wanted.until_ms))
        found.append(jobs.c.created_at_ms < wanted.until_ms)
    return found


def _in_states(states: Sequence[JobState]) -> ColumnElement[bool]:
    """As the index of those that were stopped says it, where that holds all of them: SQLite sees
    only then that it fits."""
    wanted = _one_of(states)
    return and_(wanted, _one_of(_STOPPED)) if set(states) <= set(_STOPPED) else wanted


def _one_of(states: Sequence[JobState]) -> ColumnElement[bool]:
    # Written out, not bound: a plan is made before values are bound.
    name = f"states_{len(states)}"
    return jobs.c.state.in_(bindparam(name, list(states), expanding=True, literal_execute=True))


def _since(at_ms: int) -> list[ColumnElement[bool]]:
    """By the primary key, as far as that goes: an id is made some time before its job."""
    return [jobs.c.id >= first_id(at_ms - _HOUR_MS), jobs.c.created_at_ms >= at_ms]


def counts(tx: Tx, account_id: str, since_ms: int) -> Counts:
    """All jobs that wait or run, and how those ended that were created since then."""
    mine = jobs.c.account_id == account_id
    # Of all that wait or run, whoever's they are, there are fewer than of an account's jobs: as an
    # expression, the account does not draw SQLite to the index of those.
    mine_too = jobs.c.account_id.concat("") == account_id
    ended = tuple(state for state in JobState if state.final)
    found = dict.fromkeys(JobState, 0)
    for query in (
        _by_state().where(mine_too, _in_states(_OPEN)),
        _by_state().where(mine, *_since(since_ms), _in_states(ended)),
    ):
        for row in tx.execute(query):
            found[JobState(row.state)] = row.jobs
    return Counts(found)


def _by_state() -> Select[Any, int]:
    return select(jobs.c.state, func.count().label("jobs")).group_by(jobs.c.state)


def note_inputs(tx: Tx, job: Job, sources: Sequence[str | None]) -> None:
    """Remember where the input images of a new job are from.

    ``sources`` names, for each, the asset that it was read from, if it was one of ours.
    """
    inputs = job.request.inputs
    ids = [source or image.asset_id for source, image in zip(sources, inputs, strict=True)]
    known = owned_assets(tx, job.account_id, ids)
    same = last_makers(tx, job.account_id, [image.sha256 for image in inputs])
    rows: dict[str, dict[str, Any]] = {}
    for asset_id, image in zip(ids, inputs, strict=True):
        parent = known[asset_id].made_by if asset_id in known else None
        parent = parent or same.get(image.sha256)
        if parent is not None or image.asset_id in known:
            row = {"job_id": job.id, "asset_id": image.asset_id, "parent_id": parent}
            rows.setdefault(image.asset_id, row)
    if rows:
        tx.execute(insert(job_inputs), list(rows.values()))


def relatives(tx: Tx, account_id: str, found: Sequence[Job]) -> list[Relatives]:
    """Of each of these jobs of one account, in the same order."""
    family = _Family()
    ids = [job.id for job in found]
    edits = [job for job in found if job.request.inputs]
    if edits:
        _read_parents(tx, edits, family)
        _read_images(tx, account_id, edits, family)
    family.children = {
        row.parent_id: row.children for row in tx.execute(_CHILDREN, {"parent_ids": ids})
    }
    return [_relatives(job, family) for job in found]


def _read_parents(tx: Tx, edits: Sequence[Job], family: _Family) -> None:
    query = select(job_inputs).where(
        job_inputs.c.job_id.in_([job.id for job in edits]), job_inputs.c.parent_id.is_not(None)
    )
    parent_of = {(row.job_id, row.asset_id): row.parent_id for row in tx.execute(query)}
    for job in edits:
        parents = [parent_of.get((job.id, image.asset_id)) for image in job.request.inputs]
        family.parents[job.id] = list(dict.fromkeys(one for one in parents if one is not None))


def _read_images(tx: Tx, account_id: str, edits: Sequence[Job], family: _Family) -> None:
    ids = [image.asset_id for job in edits for image in job.request.inputs]
    ids += [job.request.mask.asset_id for job in edits if job.request.mask is not None]
    owned = owned_assets(tx, account_id, ids)
    family.images = {asset_id: one.asset for asset_id, one in owned.items()}


def _relatives(job: Job, family: _Family) -> Relatives:
    images, mask = family.images, job.request.mask
    return Relatives(
        parents=tuple(family.parents.get(job.id, ())),
        children=family.children.get(job.id, 0),
        inputs=tuple(images[one.asset_id] for one in job.request.inputs if one.asset_id in images),
        mask=None if mask is None else images.get(mask.asset_id),
    )


def remove(tx: Tx, job: Job, now_ms: int) -> None:
    """Take a job that has ended out of its account, with its prompt and its images.

    A row without an owner stays: what the job was quoted, and who was asked, is on vendors' bills.
    Images that other jobs start from are theirs from now on.
    """
    _hand_over_images(tx, job)
    remove_of_job(tx, job.id, now_ms)
    tx.execute(delete(job_inputs).where(job_inputs.c.job_id == job.id))
    orphans = update(job_inputs).where(job_inputs.c.parent_id == job.id)
    tx.execute(orphans.values(parent_id=None))
    empty = replace(job.request, prompt="", user=None, inputs=(), mask=None, mainline=None)
    silent = dict.fromkeys(("words", "output", "error", "warnings", "note"))
    scrubbed = {"account_id": _NOBODY, "request": msgspec.json.encode(empty).decode(), **silent}
    tx.execute(update(jobs).where(jobs.c.id == job.id).values(**scrubbed))
    tx.execute(update(attempts).where(attempts.c.job_id == job.id).values(error=None))


def _hand_over_images(tx: Tx, job: Job) -> None:
    used = select(job_inputs.c.asset_id, func.min(job_inputs.c.job_id).label("heir")).where(
        and_(
            job_inputs.c.asset_id.in_([asset.id for asset in job.assets]),
            job_inputs.c.job_id != job.id,
        )
    )
    hand_over_to_heirs(tx, used)


def hand_over_to_heirs(tx: Tx, used: Select[Any, Any]) -> None:
    """``used`` has assets with the job whose each of them is from now on, its ``heir``."""
    for row in tx.execute(used.group_by(job_inputs.c.asset_id)).all():
        hand_over(tx, row.asset_id, row.heir)
