"""A short storm of kills on SQLite; ``python -m tests.chaos kill`` makes a long one."""

from pathlib import Path

from tests.chaos.storm import Storm, play
from tests.chaos.verdict import judge


def test_whenever_the_server_is_killed_all_books_agree(tmp_path: Path) -> None:
    storm = Storm(tmp_path, seed=1, kills=4, jobs=40, clients=8)
    verdict = judge(play(storm))
    assert verdict.spotless, {kind: found[:3] for kind, found in verdict.findings.items() if found}
    assert verdict.numbers["kills"] > storm.kills
    assert verdict.numbers["jobs"] == storm.jobs
    assert verdict.numbers["clients that asked again"] > 0  # the kills hit work
    assert verdict.numbers["attempts of unknown outcome"] > 0
    assert verdict.numbers["deliveries made"] > verdict.numbers["webhooks"]
