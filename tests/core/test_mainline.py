"""The options by which an operator offers text models."""

import pytest

from darkroom.core.mainline import MainlinePrice, names, prices


def test_text_models_are_named_with_the_endpoints_own_names() -> None:
    assert names({"responses": "gpt-4.1, gpt-5=my-gpt-5 ,"}) == {
        "gpt-4.1": "gpt-4.1",
        "gpt-5": "my-gpt-5",
    }
    assert names({}) == {}


def test_prices_are_dollars_per_million_tokens() -> None:
    found = prices({"responses_prices": "a=1.25/0.125/10, b=2/2/8"})
    assert found == {
        "a": MainlinePrice(1_250, 125, 10_000),
        "b": MainlinePrice(2_000, 2_000, 8_000),
    }


@pytest.mark.parametrize("text", ["=x", "a="])
def test_a_wrong_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="'responses'"):
        names({"responses": text})


@pytest.mark.parametrize("text", ["a", "a=1/2", "=1/2/3", "a=1/2/0.0001", "a=-1/2/3"])
def test_a_wrong_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="'responses_prices'"):
        prices({"responses_prices": text})
