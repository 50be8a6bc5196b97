"""Money in the SDK: exact amounts, quotes, charges, and what is left."""

import json

import httpx2
import pytest

import darkroom_client as sdk
from darkroom_client import Client, Money
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.running import Running


@pytest.mark.parametrize(
    ("nanos", "shown", "credits"),
    [
        (0, "$0.00", "0"),
        (1, "$0.000000001", "0"),
        (33_300_000, "$0.0333", "2.2644"),
        (25_000_000_000, "$25.00", "1700"),
        (-1_500_000_000, "-$1.50", "-102"),
        (-1, "-$0.000000001", "0"),
        (7_833_529_412, "$7.833529412", "532.68"),
        (9_007_199_254_740_993, "$9007199.254740993", "612489549.32239"),
    ],
)
def test_amounts_are_shown_exactly(nanos: int, shown: str, credits: str) -> None:
    assert str(Money(nanos)) == shown
    assert Money(nanos).credits == credits
    assert Money.dollars(Money(nanos).usd) == Money(nanos)


@pytest.mark.parametrize("text", ["", "1e3", "$5", "1,5", "0.0000000001", " 1", "٣"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.dollars(text)


def test_a_quote_covers_the_charge(client: Client, openai_vendor: OpenAIVendor) -> None:
    quote = client.quote("a red bicycle", quality="low", size="1024x1024")
    assert not openai_vendor.received
    (offer,) = quote.offers
    assert sum(line.amount.nanos for line in offer.lines) == quote.expected.nanos
    assert sum(line.amount.nanos for line in offer.lines_max) == quote.max.nanos
    assert all(line.amount.nanos == line.quantity * line.unit.nanos for line in offer.lines)
    result = client.generate("a red bicycle", quality="low", size="1024x1024")
    assert result.charge is not None
    assert Money(0) < result.charge <= quote.max
    assert client.jobs.get(result.job_id).charge == result.charge


@pytest.mark.parametrize("stream", [False, True])
def test_every_result_has_its_charge(client: Client, stream: bool) -> None:
    result = client.generate("a cat", quality="low", partial_images=int(stream))
    report = client.billing.usage(by=("day", "model"))
    assert report.charged == result.charge
    assert (report.jobs, report.rows[0].groups[1]) == (1, "gpt-image-2")


def test_a_quote_of_an_edit(client: Client, openai_vendor: OpenAIVendor) -> None:
    quote = client.quote("at night", "https://images.example/a.png", price_sheet="openai")
    assert quote.operation == "edit"
    assert "image_in" in {line.category for line in quote.offers[0].lines}
    assert quote.notes
    with pytest.raises(sdk.BadRequestError) as refused:
        client.quote("at night", price_sheet="no-such-sheet")
    assert refused.value.param == "price_sheet"
    assert not openai_vendor.received


def test_the_charge_is_in_the_headers_too() -> None:
    answer = httpx2.Response(
        200, json={"data": [{"b64_json": "aGk="}]}, headers={"x-darkroom-charge-nanos": "33300000"}
    )
    transport = httpx2.MockTransport(lambda _: answer)
    with Client("http://server.example", "k", transport=transport) as client:
        assert client.generate("a cat").charge == Money(33_300_000)


def test_an_empty_balance_and_a_spent_budget_are_told_apart(
    client: Client, gateway: Running, openai_vendor: OpenAIVendor
) -> None:
    poor = client.keys.create("poor").key
    operator = {"authorization": f"Bearer {gateway.key}"}
    with httpx2.Client(base_url=gateway.url, headers=operator, trust_env=False) as admin:
        admin.patch("/v1/accounts/poor", json={"prepaid": True}).raise_for_status()
        body = {"name": "careful", "budget": {"month_usd": "0.001"}}
        careful = admin.post("/v1/keys", json=body).json()["key"]
    topped = client.billing.top_up("poor", "0.002", reference="r1")
    assert (topped.booked, topped.balance.available) == (True, Money(2_000_000))
    assert not client.billing.top_up("poor", "0.002", reference="r1").booked

    with Client(gateway.url, poor) as one, pytest.raises(sdk.InsufficientBalance) as empty:
        one.generate("a cat", quality="high")
    assert empty.value.available == Money(2_000_000)
    assert empty.value.required is not None
    assert empty.value.required > Money(2_000_000)
    assert (empty.value.status_code, empty.value.retryable) == (429, False)

    with Client(gateway.url, careful) as two:
        with pytest.raises(sdk.BudgetExceeded) as spent:
            two.generate("a cat", quality="high")
        (budget,) = two.billing.balance().key_budgets
    assert (budget.window, budget.limit, budget.used) == ("month", Money(1_000_000), Money(0))
    assert spent.value.limit == Money(1_000_000)
    assert spent.value.which
    assert not openai_vendor.received


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_quota", sdk.InsufficientBalance),
        ("billing_hard_limit_reached", sdk.BudgetExceeded),
    ],
)
def test_no_money_is_not_asked_again(code: str, kind: type[sdk.APIError]) -> None:
    sent: list[httpx2.Request] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(429, json={"error": {"message": "no", "code": code}})

    with (
        Client("http://server.example", "k", transport=httpx2.MockTransport(refuse)) as client,
        pytest.raises(kind),
    ):
        client.generate("a cat")
    assert len(sent) == 1


@pytest.mark.parametrize(("reference", "times"), [(None, 1), ("bill-1", 2)])
def test_money_of_unknown_fate_is_not_paid_in_again(reference: str | None, times: int) -> None:
    sent: list[httpx2.Request] = []

    def cut(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        raise httpx2.RemoteProtocolError("cut")

    transport = httpx2.MockTransport(cut)
    with (
        Client("http://server.example", "k", transport=transport, max_retries=1) as client,
        pytest.raises(sdk.APIConnectionError),
    ):
        client.billing.top_up("workshop", "5.00", reference=reference)
    assert len(sent) == times
    assert json.loads(sent[0].content)["amount_usd"] == "5.00"
