"""Any order of events keeps the books right: a short form; ``./run chaos books`` plays longer."""

from tests.ledger.machine import play


def test_any_order_of_events_keeps_the_books_right(database_url: str) -> None:
    play(database_url, 60 if database_url.startswith("sqlite") else 10)
