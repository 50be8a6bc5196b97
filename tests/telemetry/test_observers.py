"""Several listeners hear of one event, and one that fails harms nobody."""

import inspect
from typing import Any

from darkroom.core.job import Job
from darkroom.core.observer import Observer
from darkroom.telemetry.observers import Observers
from tests.support.jobs import a_job


class Hears(Observer):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def job_accepted(self, job: Job) -> None:
        self.heard.append(job.id)

    def transacted(self, kind: str, seconds: float, *, failed: bool) -> None:
        self.heard.append((kind, seconds, failed))


class Fails(Observer):
    def job_accepted(self, job: Job) -> None:
        raise ValueError("a defect")


def test_all_hear_although_one_fails() -> None:
    first, last, job = Hears(), Hears(), a_job()
    both = Observers([first, Fails(), last])
    both.job_accepted(job)
    both.transacted("read", 0.5, failed=True)
    both.job_left(job.id)  # nobody listens for that
    assert first.heard == last.heard == [job.id, ("read", 0.5, True)]


def test_no_event_is_forgotten() -> None:
    both = Observers([])
    for name, _ in inspect.getmembers(Observer, inspect.isfunction):
        assert name in vars(both), name
