"""To an OpenAI client a spent account or budget is what OpenAI would say: 429, and no retry."""

import httpx2
import openai
import pytest

from darkroom.core.errors import BudgetExceeded, DarkroomError, InsufficientBalance, PriceUnknown
from darkroom.dialects._openai_errors import answer

BALANCE = InsufficientBalance(
    "The balance does not cover the quote.",
    details={"required_nanos": 199_680_000, "available_nanos": 1_000_000},
)
BUDGET = BudgetExceeded(
    "The key's budget per day is used up.",
    details={"which": "key_day", "limit_nanos": 5, "used_nanos": 4},
)


def raised(error: DarkroomError) -> tuple[openai.APIStatusError, int]:
    """What OpenAI's SDK raises, and how often it asked."""
    rendered = answer(error)
    asked = 0

    def respond(request: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        body = b"".join(piece for piece in rendered.pieces if isinstance(piece, bytes))
        headers = {**rendered.headers, "content-type": rendered.media_type}
        return httpx2.Response(rendered.status, headers=headers, content=body)

    with (
        httpx2.Client(transport=httpx2.MockTransport(respond)) as http,
        openai.OpenAI(api_key="k", base_url="http://x/v1", http_client=http) as sdk,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        sdk.images.generate(model="gpt-image-2", prompt="x")
    return caught.value, asked


@pytest.mark.parametrize(
    ("error", "code"),
    [(BALANCE, "insufficient_quota"), (BUDGET, "billing_hard_limit_reached")],
)
def test_spent_money_is_a_rate_limit_error_asked_once(error: DarkroomError, code: str) -> None:
    seen, asked = raised(error)
    assert type(seen) is openai.RateLimitError
    assert (seen.status_code, seen.type, seen.code, asked) == (429, "insufficient_quota", code, 1)
    assert isinstance(seen.body, dict)
    assert seen.body["billing_details"] == error.details
    assert error.status == 402  # everywhere else


def test_an_unknown_price_keeps_its_status() -> None:
    seen, asked = raised(PriceUnknown("No price."))
    assert (seen.status_code, seen.code, asked) == (402, "price_unknown", 1)
