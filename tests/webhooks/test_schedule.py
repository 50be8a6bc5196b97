"""When deliveries are repeated."""

import pytest

from darkroom.webhooks.schedule import next_pause_s, pauses, read_retry_after

_NOON = 1_795_176_000_000  # 20 November 2026, 12:00 UTC


def test_the_usual_schedule_is_the_one_of_standard_webhooks() -> None:
    usual = pauses(None)
    assert len(usual) == 9  # and one attempt at once
    assert sum(usual) == 75 * 3600 + 35 * 60 + 5


def test_a_dialects_own_pauses_come_first_and_the_long_ones_follow() -> None:
    assert pauses((1.0, 2.0, 4.0))[:5] == (1.0, 2.0, 4.0, 5.0, 300.0)
    assert pauses((60.0,))[:2] == (60.0, 300.0)


def test_jitter_only_ever_makes_a_pause_longer() -> None:
    assert next_pause_s((100.0,), 0, None, 0.0) == 100.0
    assert next_pause_s((100.0,), 0, None, 1.0) == pytest.approx(110.0)


def test_retry_after_prolongs_a_pause_up_to_a_day() -> None:
    assert next_pause_s((5.0,), 0, 90.0, 0.0) == 90.0
    assert next_pause_s((300.0,), 0, 90.0, 0.0) == 300.0
    assert next_pause_s((5.0,), 0, 10_000_000.0, 0.0) == 86_400.0


def test_after_the_last_attempt_there_is_no_other() -> None:
    assert next_pause_s((5.0,), 1, 90.0, 0.0) is None
    assert next_pause_s((), 0, None, 0.0) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("999999999999999999999", 999_999_999.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert read_retry_after(text, _NOON) == seconds


def test_a_date_with_an_offset_beyond_all_time_is_none() -> None:
    assert read_retry_after("Wed, 21 Oct 2037 07:28:00 +99999999999999", 0) is None
