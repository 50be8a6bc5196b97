"""Signatures that the packages of receivers accept, and the life of a secret."""

from datetime import UTC, datetime

import pytest
from openai import InvalidWebhookSignatureError, OpenAI
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from darkroom.webhooks.shapes import Keys
from darkroom.webhooks.signing import new_secret, signed
from darkroom_client import WebhookVerificationError as OwnVerificationError
from darkroom_client import verify_webhook

_BODY = '{"type":"image.job.completed","text":"붉은 자전거"}'.encode()


def _now_s() -> int:
    return int(datetime.now(UTC).timestamp())


def test_registry_packages_and_our_own_accept_a_signature() -> None:
    secret = new_secret()
    headers = signed([secret], "id-1", _now_s(), _BODY)
    assert Webhook(secret.reveal()).verify(_BODY, headers)
    openai = OpenAI(api_key="none", webhook_secret=secret.reveal())
    openai.webhooks.verify_signature(_BODY.decode(), headers)
    verify_webhook(_BODY, headers, secret.reveal())


def test_while_a_secret_is_rotated_both_verify_and_a_third_does_not() -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    keys = Keys(new, old, 2_000)
    headers = signed(keys.valid(1_999), "id-1", _now_s(), _BODY)
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(secret.reveal()).verify(_BODY, headers)
        OpenAI(api_key="none").webhooks.verify_signature(
            _BODY.decode(), headers, secret=secret.reveal()
        )
        verify_webhook(_BODY, headers, secret.reveal())
    with pytest.raises(WebhookVerificationError):
        Webhook(other.reveal()).verify(_BODY, headers)
    with pytest.raises(InvalidWebhookSignatureError):
        OpenAI(api_key="none").webhooks.verify_signature(
            _BODY.decode(), headers, secret=other.reveal()
        )
    assert keys.valid(2_000) == (new,)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"webhook-id": "id-2"}, "another secret"),
        ({"webhook-timestamp": str(_now_s() - 400)}, "five minutes"),
        ({"webhook-timestamp": "soon"}, "malformed"),
        ({"webhook-timestamp": "9" * 400}, "malformed"),
        ({"webhook-timestamp": "²"}, "malformed"),
        ({"webhook-signature": "v1,\udc80"}, "malformed"),
        ({"webhook-signature": ""}, "another secret"),
        ({"webhook-signature": "v1,ü"}, "another secret"),
    ],
)
def test_our_verifier_refuses_what_was_changed(change: dict[str, str], problem: str) -> None:
    secret = new_secret().reveal()
    headers = signed([], "id-1", _now_s(), _BODY) | change
    with pytest.raises(OwnVerificationError, match=problem):
        verify_webhook(_BODY, headers, secret)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%"])
def test_our_verifier_refuses_a_secret_that_is_none(secret: str) -> None:
    headers = signed([new_secret()], "id-1", _now_s(), _BODY)
    with pytest.raises(OwnVerificationError):
        verify_webhook(_BODY, headers, secret)


def test_a_secret_has_256_bits_and_does_not_show_itself() -> None:
    secret = new_secret()
    assert secret.reveal().startswith("whsec_")
    assert len(Webhook(secret.reveal())._whsecret) == 32
    assert secret.reveal() not in repr(Keys(secret))
    assert new_secret().reveal() != secret.reveal()
