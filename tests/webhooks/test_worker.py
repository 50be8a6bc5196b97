"""Deliveries: sent, repeated, given up, shared between processes, and never lost."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter

import pytest
from standardwebhooks.webhooks import Webhook

from darkroom.core.job import JobEvent, JobState
from darkroom.egress.webhook import Reply
from darkroom.webhooks import DeliveryState, Limits, Rules, Wish
from tests.support.jobs import a_job
from tests.webhooks.office import HOOK, OWNER, Office, Post

_HOST = "hooks.example.com"
_SCHEDULE = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)


def _verified(post: Post, secret: str) -> None:
    """The signature, without the package's look at the real clock."""
    sent = post.headers["webhook-timestamp"]
    at = Webhook(secret)
    made = post.headers["webhook-signature"].split()
    content = f"{post.id}.{sent}.".encode() + post.body
    own = hmac.new(at._whsecret, content, hashlib.sha256).digest()
    assert f"v1,{base64.b64encode(own).decode()}" in made


# Told ------------------------------------------------------------------------------------------


async def test_the_end_of_a_job_reaches_its_callback_signed_by_the_account(both: Office) -> None:
    job = await both.ended_job()
    await both.deliver()
    [post] = both.mail.posts
    body = json.loads(post.body)
    assert (post.url, body["type"], body["data"]["job"]) == (HOOK, "image.job.completed", job.id)
    assert body["data"]["results"][0].startswith("https://origin.example/assets/")
    assert post.headers["content-type"] == "application/json"
    assert post.headers["webhook-timestamp"] == str(both.watch.ms // 1000)
    _verified(post, (await both.webhooks.keys("account")).secret.reveal())
    delivery = await both.delivery()
    assert (delivery.id, delivery.state, delivery.last_status) == (post.id, "delivered", 200)
    _, [tried] = await both.webhooks.delivery("account", delivery.id)
    assert (tried.number, tried.status, tried.error) == (1, 200, None)


@pytest.mark.parametrize(
    ("state", "kind"),
    [(JobState.FAILED, "image.job.failed"), (JobState.CANCELED, "image.job.canceled")],
)
async def test_other_ends_are_told_as_well(room: Office, state: JobState, kind: str) -> None:
    await room.end(await room.accept(), state)
    await room.deliver()
    assert json.loads(room.mail.posts[0].body)["type"] == kind


async def test_a_callback_hears_only_what_it_asked_for(room: Office) -> None:
    job = await room.accept(events=(JobEvent.FAILED,))
    await room.end(job)
    assert await room.deliveries() == []


async def test_a_job_of_another_dialect_is_told_in_it_with_its_vendors_signature(
    room: Office,
) -> None:
    await room.ended_job(dialect="apiframe")
    await room.deliver()
    [post] = room.mail.posts
    assert json.loads(post.body)["event"] == "completed"
    wanted = hmac.new(OWNER.key_digest, post.body, hashlib.sha256).hexdigest()
    assert post.headers["x-webhook-signature"] == f"sha256={wanted}"
    assert post.headers["webhook-signature"].startswith("v1,")


async def test_endpoints_hear_of_every_job_in_their_own_format(room: Office) -> None:
    plain = await room.endpoint("https://one.example/")
    vendor = await room.endpoint("https://two.example/", format="apiframe")
    await room.end(a_job())
    await room.deliver()
    by_url = {post.url: post for post in room.mail.posts}
    first, second = by_url["https://one.example/"], by_url["https://two.example/"]
    assert json.loads(first.body)["type"] == "image.job.completed"
    assert json.loads(second.body)["event"] == "completed"
    assert OWNER.origin in second.body.decode()
    for endpoint, post in ((plain, first), (vendor, second)):
        _verified(post, (await room.webhooks.keys("account", endpoint)).secret.reveal())
    wanted = hmac.new(OWNER.key_digest, second.body, hashlib.sha256).hexdigest()
    assert second.headers["x-webhook-signature"] == f"sha256={wanted}"


async def test_a_vendors_signature_can_be_keyed_with_hexadecimal_text(room: Office) -> None:
    await room.endpoint(format="apiframe", hex_key=True)
    await room.end(a_job())
    await room.deliver()
    [post] = room.mail.posts
    key = OWNER.key_digest.hex().encode()
    wanted = hmac.new(key, post.body, hashlib.sha256).hexdigest()
    assert post.headers["x-webhook-signature"] == f"sha256={wanted}"


async def test_an_endpoint_hears_its_own_account_its_own_key_and_its_own_events(
    both: Office,
) -> None:
    await both.endpoint("https://all.example/")
    await both.endpoint("https://key.example/", key_id="key-2")
    await both.endpoint("https://failed.example/", events=(JobEvent.FAILED,))
    off = await both.endpoint("https://off.example/")
    await both.webhooks.change(OWNER, off, Wish(disabled=True))
    await both.end(a_job())
    await both.end(a_job(key_id="key-2"), JobState.FAILED)
    await both.end(a_job(account_id="stranger"))
    await both.deliver()
    heard = Counter(post.url.split("/")[2] for post in both.mail.posts)
    assert heard == {"all.example": 2, "key.example": 1, "failed.example": 1}


async def test_progress_is_told_while_a_job_runs_and_not_after_its_end(room: Office) -> None:
    events = (JobEvent.PROGRESS, JobEvent.COMPLETED)
    job = await room.accept(events=events, dialect="apiframe")
    await room.progress(job)
    await room.deliver()
    assert json.loads(room.mail.posts[0].body)["event"] == "progress"
    await room.progress(job)  # a preview, told too late
    await room.end(job)
    await room.deliver()
    assert [json.loads(post.body)["event"] for post in room.mail.posts] == ["progress", "completed"]
    assert {one.last_error for one in await room.deliveries()} == {None, "superseded"}


async def test_progress_that_nobody_asked_for_writes_nothing(room: Office) -> None:
    await room.endpoint()
    await room.progress(await room.accept())
    assert await room.deliveries() == []


# Repeated --------------------------------------------------------------------------------------


async def test_a_failed_delivery_is_repeated_on_the_schedule_until_its_end(room: Office) -> None:
    room.mail.script[_HOST] = [Reply(500)] * 10
    await room.ended_job()
    await room.deliver()
    for pause in _SCHEDULE:
        room.watch.forward(pause - 0.5)
        before = len(room.mail.posts)
        await room.deliver()
        assert len(room.mail.posts) == before, "it came too early"
        room.watch.forward(0.5)
        await room.deliver()
        assert len(room.mail.posts) == before + 1
    assert len({post.id for post in room.mail.posts}) == 1
    assert len({post.headers["webhook-timestamp"] for post in room.mail.posts}) == 10
    delivery = await room.delivery()
    assert (delivery.state, delivery.attempt_count) == (DeliveryState.FAILED, 10)
    room.watch.forward(10 * 86_400)
    await room.deliver()
    assert len(room.mail.posts) == 10


async def test_an_endpoint_that_recovers_gets_the_same_body_but_for_fresh_links(
    room: Office,
) -> None:
    room.mail.script[_HOST] = [Reply(503), Reply(error="timeout"), Reply(error="connect_failed")]
    await room.ended_job()
    for pause in (0, 5, 300, 1_800):
        room.watch.forward(pause)
        await room.deliver()
    bodies = [json.loads(post.body) for post in room.mail.posts]
    assert len(bodies) == 4
    links = {body["data"].pop("results")[0] for body in bodies}
    assert len(links) == 4
    assert bodies.count(bodies[0]) == 4
    delivery = await room.delivery()
    assert delivery.state is DeliveryState.DELIVERED
    _, tries = await room.webhooks.delivery("account", delivery.id)
    told = [(one.status, one.error) for one in tries]
    assert told == [(503, None), (None, "timeout"), (None, "connect_failed"), (200, None)]


async def test_a_dialects_own_pauses_come_first(room: Office) -> None:
    room.mail.script[_HOST] = [Reply(500)] * 5
    await room.ended_job(dialect="hurried")
    for pause in (0, 1, 2, 4, 5, 300):
        room.watch.forward(pause)
        await room.deliver()
    assert len(room.mail.posts) == 6


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 429, 502])
async def test_whatever_is_not_2xx_is_a_failure(room: Office, status: int) -> None:
    room.mail.script[_HOST] = [Reply(status)]
    await room.ended_job()
    await room.deliver()
    delivery = await room.delivery()
    assert (delivery.state, delivery.last_status) == (DeliveryState.PENDING, status)


async def test_retry_after_is_waited_for(room: Office) -> None:
    room.mail.script[_HOST] = [Reply(429, retry_after="60")]
    await room.ended_job()
    await room.deliver()
    for pause, sent in ((59, 1), (1, 2)):
        room.watch.forward(pause)
        await room.deliver()
        assert len(room.mail.posts) == sent


async def test_a_retry_after_of_years_is_a_day(room: Office) -> None:
    room.mail.script[_HOST] = [Reply(503, retry_after="99999999")]
    await room.ended_job()
    await room.deliver()
    assert (await room.delivery()).due_at_ms == room.watch.ms + 86_400_000


# Given up --------------------------------------------------------------------------------------


async def test_410_disables_an_endpoint_and_stops_what_waits_for_it(both: Office) -> None:
    endpoint = await both.endpoint()
    both.mail.script[_HOST] = [Reply(500), Reply(410)]
    await both.end(a_job())
    await both.deliver()  # this one waits to be repeated
    await both.end(a_job())
    await both.deliver()
    await both.end(a_job())
    shown = await both.webhooks.endpoint("account", endpoint)
    assert (shown.disabled_reason, shown.disabled_at_ms) == ("gone", both.watch.ms)
    assert [one.state for one in await both.deliveries()] == [DeliveryState.STOPPED] * 2
    both.watch.forward(400)
    await both.deliver()
    assert len(both.mail.posts) == 2


async def test_410_of_an_address_that_was_left_disables_nothing(room: Office) -> None:
    endpoint = await room.endpoint()

    async def moved_meanwhile(_: Post) -> Reply:
        await room.webhooks.change(OWNER, endpoint, Wish("https://new.example.com/"))
        return Reply(410)

    room.mail.script[_HOST] = [moved_meanwhile]
    await room.end(a_job())
    await room.deliver()
    assert (await room.webhooks.endpoint("account", endpoint)).disabled_at_ms is None
    await room.end(a_job())
    await room.deliver()
    assert [post.url for post in room.mail.posts][1:] == ["https://new.example.com/"]


async def test_an_enabled_endpoint_hears_again(room: Office) -> None:
    endpoint = await room.endpoint()
    room.mail.script[_HOST] = [Reply(410)]
    await room.end(a_job())
    await room.deliver()
    shown = await room.webhooks.change(OWNER, endpoint, Wish(disabled=False))
    assert (shown.disabled_at_ms, shown.disabled_reason) == (None, None)
    await room.end(a_job())
    await room.deliver()
    assert len(room.mail.posts) == 2


async def test_410_stops_a_callback_for_the_rest_of_its_job(room: Office) -> None:
    room.mail.script[_HOST] = [Reply(410)]
    job = await room.accept(events=(JobEvent.PROGRESS, JobEvent.COMPLETED))
    await room.progress(job)
    await room.deliver()
    await room.end(job)
    await room.deliver()
    assert len(room.mail.posts) == 1
    other = await room.ended_job()
    await room.deliver()
    assert json.loads(room.mail.posts[1].body)["data"]["job"] == other.id


async def test_nothing_is_sent_to_an_endpoint_that_was_removed(room: Office) -> None:
    endpoint = await room.endpoint()
    await room.end(a_job())
    await room.webhooks.remove("account", endpoint)
    await room.deliver()
    delivery = await room.delivery()
    assert (delivery.state, delivery.last_error) == (DeliveryState.STOPPED, "endpoint_gone")
    assert room.mail.posts == []


async def test_an_address_that_the_rules_forbid_by_now_is_not_called(room: Office) -> None:
    await room.ended_job("http://127.0.0.1:9/")
    await room.deliver(rules=Rules())
    assert room.mail.posts == []
    assert (await room.delivery()).last_error == "forbidden_address"


async def test_a_job_that_is_gone_is_not_told(room: Office) -> None:
    job = await room.ended_job()
    del room.jobs[job.id]
    await room.deliver()
    assert room.mail.posts == []
    assert (await room.delivery()).state is DeliveryState.STOPPED


async def test_a_defect_of_ours_counts_as_an_attempt(room: Office) -> None:
    room.mail.script[_HOST] = [RuntimeError("bug")]
    await room.ended_job()
    await room.deliver()
    assert (await room.delivery()).last_error == "internal"
    room.watch.forward(5)
    await room.deliver()
    _, tries = await room.webhooks.delivery("account", (await room.delivery()).id)
    assert [one.error for one in tries] == ["internal", None]


# Rotated and sent again ------------------------------------------------------------------------


async def test_for_a_day_after_a_rotation_two_secrets_sign(room: Office) -> None:
    endpoint = await room.endpoint()
    old = (await room.webhooks.keys("account", endpoint)).secret.reveal()
    new = (await room.webhooks.rotate("account", endpoint)).secret.reveal()
    await room.end(a_job())
    await room.deliver()
    room.watch.forward(86_400)
    await room.end(a_job())
    await room.deliver()
    first, second = room.mail.posts
    _verified(first, old)
    _verified(first, new)
    _verified(second, new)
    assert " " not in second.headers["webhook-signature"]


async def test_without_an_overlap_the_old_secret_ends_at_once(room: Office) -> None:
    await room.webhooks.keys("account")
    await room.webhooks.rotate("account", overlap_s=0)
    await room.ended_job()
    await room.deliver()
    assert " " not in room.mail.posts[0].headers["webhook-signature"]


async def test_a_delivery_is_sent_again_under_its_id_with_its_whole_schedule(both: Office) -> None:
    both.mail.script[_HOST] = [Reply(200), *[Reply(500)] * 10]
    await both.ended_job()
    await both.deliver()
    delivery = await both.delivery()
    await both.webhooks.redeliver("account", delivery.id)
    await both.deliver()
    assert [post.id for post in both.mail.posts] == [delivery.id] * 2
    again = await both.delivery()
    assert (again.state, again.step, again.attempt_count) == (DeliveryState.PENDING, 1, 2)


async def test_a_test_is_sent_once(room: Office) -> None:
    endpoint = await room.endpoint()
    room.mail.script[_HOST] = [Reply(500)]
    await room.webhooks.test("account", endpoint)
    await room.deliver()
    [post] = room.mail.posts
    assert json.loads(post.body)["type"] == "webhook.test"
    _verified(post, (await room.webhooks.keys("account", endpoint)).secret.reveal())
    assert (await room.delivery()).state is DeliveryState.FAILED


# Shared, fair and safe -------------------------------------------------------------------------


async def test_a_process_that_dies_after_the_post_is_succeeded_by_another(both: Office) -> None:
    """Killed between POST and record: it comes again with the same id, and once it is recorded
    the dead one's word counts no more."""
    posted, never = asyncio.Event(), asyncio.Event()

    async def hang(_: Post) -> Reply:
        posted.set()
        await never.wait()
        return Reply(500)

    both.mail.script[_HOST] = [hang]
    await both.ended_job()
    dying = asyncio.create_task(both.deliver())
    await posted.wait()
    await both.deliver()
    assert len(both.mail.posts) == 1, "it is still leased"
    both.watch.forward(30)
    await both.deliver()
    assert [post.id for post in both.mail.posts] == [both.mail.posts[0].id] * 2
    assert (await both.delivery()).state is DeliveryState.DELIVERED
    never.set()
    await dying
    delivery = await both.delivery()
    assert (delivery.state, delivery.attempt_count) == (DeliveryState.DELIVERED, 1)


async def test_alone_on_a_database_a_new_process_does_not_wait_for_the_lease(room: Office) -> None:
    posted = asyncio.Event()

    async def hang(_: Post) -> Reply:
        posted.set()
        await asyncio.Event().wait()
        return Reply(200)

    room.mail.script[_HOST] = [hang]
    await room.ended_job()
    dying = room.worker(alone=True, drain_s=0)
    await dying.open()
    await posted.wait()
    await dying.close()
    assert (await room.delivery()).state is DeliveryState.PENDING
    fresh = room.worker(alone=True)
    await fresh.open()
    await fresh.close()
    assert (await room.delivery()).state is DeliveryState.DELIVERED


async def test_several_processes_share_the_work_without_doubles(both: Office) -> None:
    for number in range(40):
        await both.ended_job(f"https://{number}.example/")
    workers = [both.worker(Limits(total=5, by_account=5)) for _ in range(3)]
    await asyncio.gather(*(worker.deliver_due() for worker in workers))
    for worker in workers:  # what one left to another that was faster
        await worker.deliver_due()
    assert sorted(Counter(post.id for post in both.mail.posts).values()) == [1] * 40


async def test_a_slow_receiver_holds_up_nobody_else(both: Office) -> None:
    release, others, lane = asyncio.Event(), asyncio.Event(), asyncio.Semaphore(0)

    async def slow(_: Post) -> Reply:
        lane.release()
        await release.wait()
        return Reply(200)

    async def quick(_: Post) -> Reply:
        others.set()
        return Reply(200)

    both.mail.script["slow.example"] = [slow] * 30
    both.mail.script["quick.example"] = [quick]
    for _ in range(30):
        await both.ended_job("https://slow.example/")
    await both.ended_job("https://quick.example/")
    working = asyncio.create_task(both.deliver())
    async with asyncio.timeout(10):
        await others.wait()
        for _ in range(Limits().by_lane):
            await lane.acquire()
    slow_ones = [post for post in both.mail.posts if "slow" in post.url]
    assert len(slow_ones) == Limits().by_lane
    release.set()
    await working
    assert len(both.mail.posts) == 31


async def test_one_account_does_not_take_all_the_room(room: Office) -> None:
    release, other, slots = asyncio.Event(), asyncio.Event(), asyncio.Semaphore(0)

    async def slow(_: Post) -> Reply:
        slots.release()
        await release.wait()
        return Reply(200)

    async def quick(_: Post) -> Reply:
        other.set()
        return Reply(200)

    for number in range(20):
        room.mail.script[f"{number}.example"] = [slow]
        await room.ended_job(f"https://{number}.example/")
    room.mail.script["quick.example"] = [quick]
    await room.ended_job("https://quick.example/", account_id="other")
    working = asyncio.create_task(room.deliver())
    async with asyncio.timeout(10):
        await other.wait()
        for _ in range(Limits().by_account):
            await slots.acquire()
    assert len(room.mail.posts) == Limits().by_account + 1
    release.set()
    await working


async def test_it_never_sends_more_than_its_limit_at_a_time(room: Office) -> None:
    full = asyncio.Event()

    async def brief(_: Post) -> Reply:
        if room.mail.most == 3:
            full.set()
        await full.wait()
        return Reply(200)

    for number in range(12):
        room.mail.script[f"{number}.example"] = [brief]
        await room.ended_job(f"https://{number}.example/")
    await room.deliver(limits=Limits(total=3))
    assert len(room.mail.posts) == 12
    assert room.mail.most == 3


async def test_a_commit_wakes_the_worker(both: Office) -> None:
    came = asyncio.Event()

    async def tell(_: Post) -> Reply:
        came.set()
        return Reply(200)

    both.mail.script[_HOST] = [tell]
    worker = both.worker()
    await worker.open()
    await both.ended_job()
    async with asyncio.timeout(10):
        await came.wait()
    await worker.close()
    assert (await both.delivery()).state is DeliveryState.DELIVERED


async def test_closing_sends_what_is_due_first(room: Office) -> None:
    worker = room.worker()
    await worker.open()
    await room.ended_job()
    await worker.close()
    assert (await room.delivery()).state is DeliveryState.DELIVERED


async def test_no_secret_shows_in_what_is_printed(room: Office) -> None:
    endpoint = await room.endpoint(format="apiframe")
    keys = await room.webhooks.keys("account", endpoint)
    shown = await room.webhooks.endpoint("account", endpoint)
    printed = repr((keys, shown, OWNER))
    assert keys.secret.reveal() not in printed
    assert shown.key_digest == OWNER.key_digest
    assert repr(OWNER.key_digest) not in printed
    assert OWNER.key_digest.hex() not in printed
