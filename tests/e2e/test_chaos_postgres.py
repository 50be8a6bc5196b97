"""A short storm of kills on three processes that share PostgreSQL and one folder of images."""

from pathlib import Path

from tests.chaos.storm import Storm, play
from tests.chaos.verdict import judge


def test_whichever_process_is_killed_or_frozen_all_books_agree(
    tmp_path: Path, postgres_url: str
) -> None:
    storm = Storm(
        tmp_path,
        seed=2,
        kills=4,
        jobs=30,
        clients=8,
        database_url=postgres_url,
        processes=3,
        freezes=True,
    )
    verdict = judge(play(storm))
    assert verdict.spotless, {kind: found[:3] for kind, found in verdict.findings.items() if found}
    assert verdict.numbers["kills"] + verdict.numbers["freezes"] > storm.kills
    assert verdict.numbers["jobs"] == storm.jobs
    assert verdict.numbers["clients that asked again"] > 0
    assert verdict.numbers["attempts of unknown outcome"] > 0
