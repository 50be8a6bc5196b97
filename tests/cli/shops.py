"""A shop for batches that sells from memory, and counts."""

import io
import threading
from collections.abc import Callable
from typing import Any

from PIL import Image as Picture

from darkroom.cli.batch.rows import Row
from darkroom.cli.batch.shop import Delivery
from darkroom_client import Image, Job, Quote

PRICE = 40_000_000
MOST = 50_000_000


def row(id: str, number: int = 1, **options: Any) -> Row:
    return Row(id, number, number, f"picture {id}", options, digest=f"digest of {id}")


def money(nanos: int) -> dict[str, Any]:
    return {"nanos": nanos, "usd": "", "credits": ""}


def job(id: str, prompt: str, **said: Any) -> Job:
    """A job that has succeeded, unless told otherwise."""
    line = {"category": "image_out", "quantity": 1, "unit_nanos": PRICE, **money(PRICE)}
    asset = {
        "id": f"a-{id}",
        "kind": "result",
        "position": 0,
        "media_type": "image/png",
        "width": 2,
        "height": 2,
        "byte_size": len(PNG),
        "sha256": "",
        "url": "",
    }
    raw: dict[str, Any] = {
        "id": id,
        "state": "succeeded",
        "operation": "generation",
        "model": "m",
        "served_model": "m",
        "deployment": "d",
        "sandbox": False,
        "usage": None,
        "warnings": [],
        "error": None,
        "created_at": "",
        "finished_at": "",
        "assets": [asset],
        "charge": {**money(PRICE), "lines": [line]},
        "request": {"prompt": prompt},
        "timings": {"total_ms": 1500},
    }
    return Job.of({**raw, **said})


def failed(code: str) -> dict[str, Any]:
    error = {"code": code, "message": f"It says {code}."}
    return {"state": "failed", "error": error, "assets": [], "charge": None}


class Shelf:
    """``held`` is what accepted jobs may cost at most, ``sold`` what finished ones did.

    ``before_submit`` may raise; ``outcome`` says what becomes of a row's job.
    """

    def __init__(self) -> None:
        self.before_submit: Callable[[Row], None] = lambda _row: None
        self.outcome: Callable[[Row], dict[str, Any]] = lambda _row: {}
        self.keys: dict[str, str] = {}
        self.most_seen = 0
        self._rows: dict[str, Row] = {}
        self._held: set[str] = set()
        self._sold: set[str] = set()
        self._counting = threading.Lock()

    @property
    def rows(self) -> list[str]:
        """The ids of rows that were bought, each as often as it was."""
        return [one.id for one in self._rows.values()]

    def quote(self, row: Row) -> Quote:
        said = {
            "model": "m",
            "operation": "generation",
            "expected": money(PRICE),
            "max": money(MOST),
            "cheapest": "d",
            "price_sheets": [],
            "notes": [],
            "deployments": [],
        }
        return Quote.of(said)

    def submit(self, row: Row, key: str) -> str:
        self.before_submit(row)
        with self._counting:
            if key not in self.keys:
                self.keys[key] = f"job-{len(self.keys) + 1}"
                self._rows[self.keys[key]] = row
                self._held.add(self.keys[key])
            bound = len(self._held) * MOST + len(self._sold) * PRICE
            self.most_seen = max(self.most_seen, bound)
            return self.keys[key]

    def finished(self, job_id: str) -> Delivery:
        row = self._rows[job_id]
        said = self.outcome(row)
        with self._counting:
            self._held.discard(job_id)
            if not said:
                self._sold.add(job_id)
        made = job(job_id, row.prompt, **said)
        return Delivery(made, () if said else (Image(PNG, 2, 2),))


def _png() -> bytes:
    file = io.BytesIO()
    Picture.new("RGB", (2, 2), "red").save(file, "PNG")
    return file.getvalue()


PNG = _png()
