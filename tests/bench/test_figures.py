"""The pure parts of the benchmark: figures, tables, /proc, room for files."""

import os
from pathlib import Path

import pytest

from bench import proc
from bench.space import FREE_FLOOR, NoRoom, private_directory, room_for
from bench.stats import median, percentile
from bench.table import render


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0.0),
        ([7.0], 0.99, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.5),
        ([float(n) for n in range(101)], 0.99, 99.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_percentile(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_median_of_an_odd_sample() -> None:
    assert median([9.0, 1.0, 5.0]) == 5.0


def test_table_is_aligned_and_shows_what_is_missing() -> None:
    rows = [{"": "direct", "ms": None}, {"": "floor", "ms": 3.456, "rps": 1234.5}]
    assert render(rows).split("\n") == [
        "          ms   rps",
        "direct     -     -",
        "floor   3.46  1234",
    ]


def test_stat_with_a_hostile_name() -> None:
    text = "42 (py) S (3.1) S 7 42 42 0 -1 4194560 1 0 0 0 250 50 30 10 20 0 3 0 99"
    stat = proc.parse_stat(text)
    assert stat == proc.Stat(7, 300 / proc.TICK, 40 / proc.TICK)


def test_memory_of_a_status() -> None:
    text = "Name:\tpython\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n"
    assert proc.parse_memory(text) == proc.Memory(100.0, 200.0)
    assert proc.parse_memory("Name:\tkthreadd\n") == proc.Memory(0.0, 0.0)


def test_own_process_is_found() -> None:
    assert os.getpid() in proc.tree(os.getpid())
    assert proc.memory(os.getpid()).rss_mb > 1
    assert proc.tree(2**22 + 1) == {}


def test_a_gigabyte_stays_free() -> None:
    assert room_for(FREE_FLOOR + 10, 10)
    assert not room_for(FREE_FLOOR + 9, 10)


def test_directory_is_private_and_goes_away() -> None:
    with private_directory(disk=True, need=0) as path:
        assert path.stat().st_mode & 0o077 == 0
        (path / "file").write_bytes(b"x")
    assert not path.exists()
    with pytest.raises(NoRoom, match="are needed"), private_directory(disk=True, need=1 << 60):
        pass
    assert isinstance(path, Path)
