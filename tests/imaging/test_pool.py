"""The image pool survives whatever its workers do, and says what became of the image."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from darkroom.imaging.decoding import check_decodes
from darkroom.imaging.inspect import NotAnImage
from darkroom.imaging.pool import ImagePool, in_pool, in_pool_blocking
from darkroom.imaging.thumbnail import thumbnail
from tests.imaging import misdeeds
from tests.imaging.images import gradient, saved, write

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits that only Linux knows")


@pytest.fixture
def pool() -> Iterator[ImagePool]:
    pool = ImagePool(1, room="tests.imaging")
    yield pool
    pool.close()


async def until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(3_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what)


def alive(pid: int) -> bool:
    """Whether the process runs; one that was not waited for yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_typed_values_go_there_and_come_back(tmp_path: Path) -> None:
    source, target = write(tmp_path, saved(gradient(), "PNG")), tmp_path / "target"
    made = await in_pool(thumbnail, source, target, 20)
    assert (made.media_type, made.width, made.height) == ("image/webp", 20, 12)
    assert await in_pool(check_decodes, target) is None
    assert in_pool_blocking(check_decodes, target) is None


async def test_what_is_wrong_with_the_image_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAnImage, match=r"^the image is damaged$"):
        await in_pool(check_decodes, write(tmp_path, b"not an image"))


async def test_a_worker_is_used_again(pool: ImagePool) -> None:
    found = {await pool.run(misdeeds.process_id) for _ in range(5)}
    assert found == set(pool.idle_processes())
    assert len(found) == 1


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        (misdeeds.spin, "the image takes too long to decode"),
        (misdeeds.wait_for_ever, "the image takes too long to decode"),
        (misdeeds.crash, "the image cannot be decoded"),
        (misdeeds.lie, "the image cannot be decoded"),
    ],
)
async def test_a_worker_that_went_astray_is_replaced(
    deed: Callable[[], None], said: str, pool: ImagePool
) -> None:
    before = await pool.run(misdeeds.process_id)
    with pytest.raises(NotAnImage, match=f"^{said}$"):
        await pool.run(deed)
    assert not alive(before)
    assert await pool.run(misdeeds.process_id) != before


@LINUX
async def test_memory_is_bounded_and_the_worker_goes_on(pool: ImagePool) -> None:
    before = await pool.run(misdeeds.process_id)
    with pytest.raises(NotAnImage, match=r"^the image takes too much memory"):
        await pool.run(misdeeds.fill_memory)
    assert await pool.run(misdeeds.process_id) == before


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
async def test_what_it_writes_is_bounded(pool: ImagePool, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="File too large"):
        await pool.run(misdeeds.fill_disk, tmp_path / "file")
    assert (tmp_path / "file").stat().st_size <= 128_000_000


async def test_a_mistake_of_ours_is_no_fault_of_the_image(pool: ImagePool) -> None:
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await pool.run(misdeeds.err)
    with pytest.raises(NotAnImage, match="cannot be decoded"):
        await pool.run(misdeeds.mistaken_answer)


async def test_only_what_is_meant_to_runs_there(pool: ImagePool) -> None:
    with pytest.raises(TypeError, match="not marked"):
        await pool.run(misdeeds.unmarked)
    with pytest.raises(RuntimeError, match=r"not of darkroom\.imaging"):
        await in_pool(misdeeds.process_id)


async def test_nothing_of_the_server_is_handed_on(
    pool: ImagePool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    with (tmp_path / "held").open("wb") as held:
        os.set_inheritable(held.fileno(), True)
        assert not [each for each in await pool.run(misdeeds.environment) if "canary" in each]
        if sys.platform == "linux":
            # in, out, errors, the answers, and the folder that is being listed
            assert await pool.run(misdeeds.open_descriptors) == 5


@LINUX
async def test_the_kernel_keeps_it_from_the_network_and_from_other_processes(
    pool: ImagePool,
) -> None:
    if not await pool.run(misdeeds.filtered):
        pytest.skip("this kernel, or machine, takes no filter")
    assert await pool.run(misdeeds.refused) == ["socket", "fork", "exec", "kill"]


async def test_canceling_ends_the_worker_before_it_returns(pool: ImagePool, tmp_path: Path) -> None:
    begun, after = tmp_path / "begun", tmp_path / "after"
    running = asyncio.create_task(pool.run(misdeeds.begin_and_wait, begun, after))
    queued = asyncio.create_task(pool.run(misdeeds.process_id))
    await until(lambda: begun.exists() and bool(begun.read_text()), "it never began")
    queued.cancel()
    running.cancel()
    for task in (queued, running):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not alive(int(begun.read_text()))
    assert not after.exists()
    await pool.run(misdeeds.process_id)


async def test_no_more_than_so_many_work_at_once() -> None:
    pool = ImagePool(2, room="tests.imaging")
    try:
        found = await asyncio.gather(*(pool.run(misdeeds.process_id) for _ in range(12)))
        assert set(found) <= set(pool.idle_processes())
        assert len(pool.idle_processes()) <= 2
    finally:
        pool.close()
    assert not any(map(alive, found))


@pytest.fixture
async def restless() -> AsyncIterator[ImagePool]:
    pool = ImagePool(2, idle_s=0.05, room="tests.imaging")
    yield pool
    pool.close()


async def test_idle_workers_leave_and_come_back(restless: ImagePool) -> None:
    first = await restless.run(misdeeds.process_id)
    await until(lambda: not alive(first), "it stayed")
    assert restless.idle_processes() == ()
    assert await restless.run(misdeeds.process_id) != first


async def test_a_worker_killed_while_idle_is_replaced(pool: ImagePool) -> None:
    before = await pool.run(misdeeds.process_id)
    os.kill(before, 9)
    await until(lambda: not alive(before), "it lives")
    assert await pool.run(misdeeds.process_id) != before


@LINUX
async def test_workers_end_with_a_server_that_was_killed() -> None:
    program = """
import os
from darkroom.imaging.pool import ImagePool
from tests.imaging import misdeeds
pool = ImagePool(1, room="tests.imaging")
print(pool.run_blocking(misdeeds.process_id), flush=True)
os._exit(1)
"""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    pid = int(done.stdout)
    await until(lambda: not alive(pid), "it outlived the server")
