"""Answers that begin before their end is known: the body then says what headers could not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from darkroom_client import Client, ContentPolicyViolation
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.running import Running, deployment


@pytest.fixture
def patient(tmp_path: Path, openai_vendor: OpenAIVendor) -> Iterator[Client]:
    """A client of a gateway that gives signs of life at once."""
    options: dict[str, Any] = {"keepalive_after_s": 0.01, "keepalive_every_s": 0.01}
    with (
        Running(tmp_path / "data", deployments=[deployment(openai_vendor)], **options) as gateway,
        Client(gateway.url, gateway.key) as client,
    ):
        yield client


@pytest.mark.parametrize("stream", [False, True])
def test_model_charge_and_warnings_come_all_the_same(
    patient: Client, openai_vendor: OpenAIVendor, stream: bool
) -> None:
    openai_vendor.next(Fault.NONE, delay_s=0.2)
    result = patient.generate(
        "a boat",
        model="gpt-image-1.5",
        size="1792x1024",
        on_partial=(lambda _: None) if stream else None,
    )
    assert (result.model, result.deployment) == ("gpt-image-1.5", "openai")
    assert result.charge is not None
    assert result.charge.nanos > 0
    assert "size_fitted" in [warning.code for warning in result.warnings]


def test_a_refusal_behind_the_first_byte_is_raised(
    patient: Client, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.MODERATION_BLOCKED, delay_s=0.2)
    with pytest.raises(ContentPolicyViolation) as caught:
        patient.generate("a boat", model="gpt-image-1.5")
    assert caught.value.job_id
