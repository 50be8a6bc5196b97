"""Who is told of a change, and who is not."""

from darkroom.db import Changes


def test_every_listener_is_called_as_long_as_it_listens() -> None:
    changes = Changes()
    told: list[str] = []
    with changes.call("topic", lambda: told.append("first")):
        with changes.call("topic", lambda: told.append("second")):
            changes.publish(["topic", "other"])
        changes.publish(["topic"])
    changes.publish(["topic"])
    assert told == ["first", "second", "first"]


async def test_a_change_before_the_wait_is_not_missed() -> None:
    changes = Changes()
    with changes.subscribe("topic") as subscription:
        changes.publish(["topic"])
        await subscription.wait(60)


async def test_a_missed_notification_wakes_every_subscriber_and_calls_nobody() -> None:
    changes = Changes()
    told: list[str] = []
    with (
        changes.subscribe("one") as one,
        changes.subscribe("two") as two,
        changes.call("one", lambda: told.append("called")),
    ):
        changes.publish_all()
        await one.wait(60)
        await two.wait(60)
    assert told == []


def test_who_looks_by_itself_is_told_that_something_was_missed() -> None:
    changes = Changes()
    told: list[str] = []
    changes.when_missed(lambda: told.append("look"))
    changes.publish(["topic"])
    assert told == []
    changes.publish_all()
    assert told == ["look"]
