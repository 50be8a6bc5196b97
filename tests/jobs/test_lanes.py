"""Whose job is next when more wait than may run."""

from darkroom.jobs.engine.lanes import Lanes


def drained(lanes: Lanes, running_max: int = 1) -> str:
    """The lanes in the order in which their jobs run, ``running_max`` at a time."""
    order: list[str] = []
    running: list[str] = []
    while (found := lanes.take()) is not None:
        order.append(found[0])
        running.append(found[0])
        if len(running) == running_max:
            lanes.done(running.pop(0))
    return "".join(order)


def test_jobs_of_one_lane_run_in_their_order() -> None:
    lanes = Lanes()
    for job in "abc":
        lanes.put("lane", job)
    assert [lanes.take() for _ in range(4)] == [*(("lane", job) for job in "abc"), None]


def test_a_thousand_do_not_hold_up_one() -> None:
    lanes = Lanes()
    for n in range(1_000):
        lanes.put("A", f"a{n}")
    lanes.put("B", "b")
    assert drained(lanes)[:3] == "ABA"


def test_lanes_take_turns() -> None:
    lanes = Lanes()
    for lane in "AAAAABBC":
        lanes.put(lane, "job")
    assert drained(lanes) == "ABCABAAA"


def test_who_has_fewer_running_is_next() -> None:
    lanes = Lanes()
    for _ in range(4):
        lanes.put("A", "job")
    assert [lanes.take() for _ in range(3)] == [("A", "job")] * 3
    for _ in range(3):
        lanes.put("B", "job")
    lanes.put("A", "job")
    assert [(lanes.take() or "?")[0] for _ in range(3)] == ["B"] * 3
    lanes.done("A")
    assert len(lanes) == 2


def test_it_knows_how_many_wait_and_forgets_who_is_gone() -> None:
    lanes = Lanes()
    for n in range(10):
        lanes.put(f"{n}", "job")
    assert len(lanes) == 10
    drained(lanes)
    assert len(lanes) == 0
    assert lanes.take() is None
