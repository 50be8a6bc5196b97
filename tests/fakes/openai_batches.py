"""The fake vendor's files and batches: https://platform.openai.com/docs/guides/batch.

A batch runs until it was looked at ``looks`` times; ``ends_as`` says how it ends then. What a line
meets is the vendor's script: ``vendor.next(Fault.MODERATION_BLOCKED)`` refuses the next one.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.openai_refusals import Reply
from tests.fakes.openai_rules import Rejection
from tests.fakes.recording import Received

ENDPOINTS = ("/v1/images/generations", "/v1/images/edits", "/v1/responses")
PATHS = (
    "/v1/files",
    "/v1/files/{id}",
    "/v1/files/{id}/content",
    "/v1/batches",
    "/v1/batches/{id}",
    "/v1/batches/{id}/cancel",
)
Answered = Callable[[Received, str, dict[str, Any]], Reply]
"""The answer to one line: by the request that brought it, its endpoint and its body."""


@dataclass
class Batch:
    id: str
    endpoint: str
    lines: list[dict[str, Any]]
    asked: dict[str, Any]
    brought: Received
    status: str = "validating"
    looks: int = 0
    files: dict[str, str] = field(default_factory=dict[str, str])


class Batches:
    """``looks``: how often a batch says that it goes on; 1,000,000: for ever."""

    def __init__(self, answered: Answered) -> None:
        self._answered = answered
        self.files: dict[str, bytes] = {}
        self.made: list[Batch] = []
        self.looks = 0
        self.ends_as = "completed"
        """Or ``expired``, or ``failed`` with :attr:`problem`."""
        self.problem: dict[str, Any] = {"code": "invalid_request", "message": "A bad line."}

    def handles(self, path: str) -> bool:
        return path.startswith(("/v1/files", "/v1/batches"))

    def answer(self, arrived: Received) -> Reply:
        """Raises :class:`Rejection` for what OpenAI would refuse."""
        words = arrived.path.removeprefix("/v1/").split("/")
        match (arrived.method, *words):
            case ("POST", "files"):
                return self._upload(arrived)
            case ("GET", "files", id, "content"):
                if id not in self.files:
                    raise Rejection(404, f"No such File object: {id}")
                return Reply(200, (self.files[id],), content_type="application/octet-stream")
            case ("POST", "batches"):
                return self._create(arrived)
            case ("GET", "batches", id):
                batch = self._find(id)
                self._look(batch)
                return _shown(batch, self.problem)
            case ("POST", "batches", id, "cancel"):
                batch = self._find(id)
                if batch.status not in ("completed", "expired", "failed"):
                    batch.status = "cancelled"
                return _shown(batch, self.problem)
            case _:
                raise Rejection(405, f"Not allowed to {arrived.method} on {arrived.path}.")

    def _upload(self, arrived: Received) -> Reply:
        [file] = arrived.files
        if arrived.fields.get("purpose") != "batch":
            raise Rejection(400, "Invalid purpose.", param="purpose")
        if not (file.filename or "").endswith(".jsonl"):
            raise Rejection(400, "Invalid file format for Batch API. Must be .jsonl", param="file")
        id = self._keep(file.data)
        shown = {"id": id, "object": "file", "bytes": file.size, "purpose": "batch"}
        return _json({**shown, "created_at": 1, "filename": file.filename, "status": "processed"})

    def _create(self, arrived: Received) -> Reply:
        asked = arrived.params
        if asked.get("completion_window") != "24h":
            raise Rejection(400, "Invalid completion_window.", param="completion_window")
        if asked.get("endpoint") not in ENDPOINTS:
            raise Rejection(400, "Invalid endpoint.", param="endpoint")
        data = self.files.get(str(asked.get("input_file_id")))
        if data is None:
            raise Rejection(400, "No such file.", param="input_file_id")
        lines = [json.loads(line) for line in data.splitlines()]
        for line in lines:
            assert set(line) == {"custom_id", "method", "url", "body"}
            assert (line["method"], line["url"]) == ("POST", asked["endpoint"])
        batch = Batch(f"batch_{len(self.made):04d}", asked["endpoint"], lines, asked, arrived)
        self.made.append(batch)
        return _shown(batch, self.problem)

    def _look(self, batch: Batch) -> None:
        if batch.status not in ("validating", "in_progress"):
            return
        if batch.looks < self.looks:
            batch.looks += 1
            batch.status = "in_progress"
            return
        batch.status = self.ends_as
        if self.ends_as == "completed":
            self._do(batch)

    def _do(self, batch: Batch) -> None:
        good: list[bytes] = []
        bad: list[bytes] = []
        for number, line in enumerate(batch.lines):
            reply = self._answered(batch.brought, batch.endpoint, line["body"])
            response = {
                "status_code": reply.status,
                "request_id": f"req_batch_{number}",
                "body": json.loads(b"".join(reply.chunks)),
            }
            told = {"id": f"batch_req_{number}", "custom_id": line["custom_id"]}
            text = json.dumps({**told, "response": response, "error": None}).encode() + b"\n"
            (good if reply.status == 200 else bad).append(text)
        for name, texts in (("output_file_id", good), ("error_file_id", bad)):
            if texts:
                batch.files[name] = self._keep(b"".join(texts))

    def _find(self, id: str) -> Batch:
        found = next((batch for batch in self.made if batch.id == id), None)
        if found is None:
            raise Rejection(404, f"No batch found with id '{id}'.")
        return found

    def _keep(self, data: bytes) -> str:
        id = f"file-{len(self.files):04d}"
        self.files[id] = data
        return id


def _shown(batch: Batch, problem: dict[str, Any]) -> Reply:
    failed = batch.status == "failed"
    return _json(
        {
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.endpoint,
            "completion_window": "24h",
            "created_at": 1,
            "input_file_id": batch.asked["input_file_id"],
            "metadata": batch.asked.get("metadata"),
            "status": batch.status,
            "errors": {"object": "list", "data": [problem]} if failed else None,
            "output_file_id": batch.files.get("output_file_id"),
            "error_file_id": batch.files.get("error_file_id"),
        }
    )


def _json(said: dict[str, Any]) -> Reply:
    return Reply(200, (json.dumps(said).encode(),))
