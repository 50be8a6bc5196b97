"""A whole edit with a remote store: the copies made for the upstream go with the attempt."""

from datetime import date
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from darkroom.assets import Blobs, Ingest, Results, Spool
from darkroom.catalog import Catalog, PriceBook
from darkroom.core.deployment import Deployment
from darkroom.core.draft import Draft, Upload
from darkroom.core.job import JobState
from darkroom.core.request import ImageRequest, Operation
from darkroom.core.secret import Secret
from darkroom.db import open_database
from darkroom.egress import AddressGuard, HttpEgress, PublicFetcher
from darkroom.jobs import Dispatch, EmbeddedEngine, Jobs, Pricing, Runner, Submission
from darkroom.providers.openai import OpenAIProvider
from darkroom.routing import Route, Router
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.imaging.images import CANARY, exif, gradient, saved
from tests.support.spooled import spooled

REQUEST = ImageRequest(Operation.EDIT, "gpt-image-1.5", "a hat", size="1024x1024", quality="low")


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.INVALID_REQUEST])
async def test_nothing_is_left_of_an_edit(
    fault: Fault, tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    database = await open_database(f"sqlite:///{tmp_path / 'darkroom.db'}")
    spool, blobs, egress = (
        Spool(tmp_path / "spool"),
        Blobs(MemoryStore()),
        HttpEgress(PublicFetcher(AddressGuard())),
    )
    fetcher = PublicFetcher(AddressGuard())
    ingest = Ingest(spool, blobs, fetcher, database)
    deployment = Deployment("main", "openai", openai_vendor.base_url, Secret("sk-upstream"))
    routes = [Route(deployment, OpenAIProvider(deployment, egress))]
    dispatch = Dispatch(Router(Catalog.load(), routes, lambda: date(2026, 11, 20)))
    engine = EmbeddedEngine(database, running_max=1, drain_s=5, retry_s=0)
    runner = Runner(database, dispatch, ingest, Results(spool, blobs), owner="test")
    pricing = Pricing(PriceBook.load(), lambda: date(2026, 11, 20))
    jobs = Jobs(database, dispatch, pricing, ingest, engine)
    await engine.open(runner.run)
    openai_vendor.next(fault)
    photo = Upload(spooled(spool, saved(gradient(), "JPEG", exif=exif())))
    mask = Upload(spooled(spool, saved(gradient("L"), "JPEG")))
    try:
        draft = Draft(REQUEST, (photo,), mask)
        with await jobs.submit(Submission(draft, "account", "key", "openai")) as follower:
            job = await follower.end()
    finally:
        await engine.close()
        await fetcher.close()
        await egress.close()
        await database.close()
    assert job.state is (JobState.SUCCEEDED if fault is Fault.NONE else JobState.FAILED)
    sent = openai_vendor.received[0].files
    assert [part.name for part in sent] == ["image[]", "mask"]
    assert CANARY not in openai_vendor.received[0].body
    assert list((tmp_path / "spool").iterdir()) == []
