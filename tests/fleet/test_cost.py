"""A job costs the database as little as the documentation says."""

from pathlib import Path

from tests.fakes.openai_vendor import OpenAIVendor
from tests.fleet.wire import Wire
from tests.server.client import GENERATE, asking, client
from tests.support.running import Running, deployment

_JOBS = 20
_STATEMENTS_MAX = 40
"""Per job, with what a process asks while nothing happens; docs/scaling.md says how many it is."""


def test_a_job_takes_few_statements(
    tmp_path: Path, openai_vendor: OpenAIVendor, postgres_url: str
) -> None:
    with (
        Wire(postgres_url) as wire,
        Running(tmp_path, deployments=[deployment(openai_vendor)], database_url=wire.url) as server,
        client(server) as http,
    ):
        for number in range(_JOBS + 1):
            assert http.post(GENERATE, json=asking(f"picture {number}")).status_code == 200
            if number == 0:
                wire.reset()  # what is done once per process
        counted = wire.statements.copy()
    heard = "\n".join(counted)
    assert "INSERT INTO ledger_entries" in heard
    said = {"", ";"} | {text for text in counted if text.startswith(("BEGIN", "COMMIT"))}
    asked = sum(count for text, count in counted.items() if text not in said)
    inserted = sum(count for text, count in counted.items() if text.startswith("INSERT INTO jobs"))
    assert inserted == _JOBS
    assert asked / _JOBS < _STATEMENTS_MAX
