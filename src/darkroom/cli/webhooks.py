"""``darkroom webhooks``: endpoints and secrets, what was delivered, and a receiver to try it."""

import dataclasses
import json
import time
from typing import TYPE_CHECKING, Any

import click

from darkroom.cli.connect import connected, connection_options
from darkroom.cli.failures import Failure, reported
from darkroom.cli.screen import Screen, table

if TYPE_CHECKING:
    from darkroom.cli.receiver import Check, Received
    from darkroom_client import Client, WebhookDelivery, WebhookEndpoint, WebhookSecret

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_EVENT = click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(["completed", "failed", "canceled"]),
    help="Only this event; more than once for several. Default: all.",
)
_FORMAT = click.option(
    "--format", metavar="DIALECT", help="Wire format of the bodies. Default: openai."
)
_TEST_WAIT_S = 15.0
_LOOK_AGAIN_S = 0.1


@click.group()
def command() -> None:
    """Be told of jobs: endpoints, deliveries, a local receiver."""


@command.command()
@_AS_JSON
@connection_options
def ls(as_json: bool, **options: Any) -> None:
    """List the endpoints of the account."""
    with reported(as_json), connected(options, Screen()) as client:
        found = client.webhooks.list()
        if as_json:
            _print_json(endpoints=[_without_secret(one) for one in found])
            return
        rows = [
            [
                *(one.id, one.url, " ".join(one.events), one.format, one.key or ""),
                f"disabled: {one.disabled_reason}" if one.disabled_at else "",
            ]
            for one in found
        ]
        click.echo(table(["ID", "URL", "EVENTS", "FORMAT", "KEY", ""], rows))


@command.command()
@click.argument("url")
@_EVENT
@_FORMAT
@click.option("--key", metavar="ID", help="Only of the jobs of this API key.")
@_AS_JSON
@connection_options
def add(
    url: str,
    events: tuple[str, ...],
    format: str | None,
    key: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Tell URL of every job that ends, and print the secret that signs what it gets."""
    screen = Screen()
    with reported(as_json), connected(options, screen) as client:
        made = client.webhooks.create(url, events=events or None, format=format, key=key)
        if as_json:
            _print_json(**dataclasses.asdict(made))
            return
        click.echo(made.secret)
        screen.note(f"the endpoint is {made.id}; its receiver verifies with this secret")


@command.command()
@click.argument("endpoint_id", metavar="ID")
@_AS_JSON
@connection_options
def rm(endpoint_id: str, as_json: bool, **options: Any) -> None:
    """Remove an endpoint; what waits for it is not sent."""
    with reported(as_json), connected(options, Screen()) as client:
        client.webhooks.delete(endpoint_id)
        if as_json:
            _print_json(id=endpoint_id, deleted=True)
            return
        click.echo(f"removed {endpoint_id}")


@command.command()
@click.argument("endpoint_id", metavar="[ID]", required=False)
@click.option(
    "--overlap",
    type=click.IntRange(0),
    metavar="SECONDS",
    help="How long the old secret stays good. [default: a day]",
)
@_AS_JSON
@connection_options
def rotate(endpoint_id: str | None, overlap: int | None, as_json: bool, **options: Any) -> None:
    """Make a new secret and print it: an endpoint's, or the account's for callbacks."""
    screen = Screen()
    with reported(as_json), connected(options, screen) as client:
        made = client.webhooks.rotate(endpoint_id, overlap_s=overlap)
        _print_secret(made, as_json)
        if not as_json and made.previous_valid_until:
            screen.note(f"the old secret stays good until {made.previous_valid_until}")


@command.command()
@click.argument("endpoint_id", metavar="[ID]", required=False)
@_AS_JSON
@connection_options
def secret(endpoint_id: str | None, as_json: bool, **options: Any) -> None:
    """Print a secret: an endpoint's, or the account's, which signs requests' callbacks."""
    with reported(as_json), connected(options, Screen()) as client:
        _print_secret(client.webhooks.secret(endpoint_id), as_json)


@command.command()
@click.argument("endpoint_id", metavar="ID")
@_AS_JSON
@connection_options
def test(endpoint_id: str, as_json: bool, **options: Any) -> None:
    """Send an endpoint a made-up event and print what it answered."""
    with reported(as_json), connected(options, Screen()) as client:
        sent = _settled(client, client.webhooks.test(endpoint_id))
        if sent.state != "delivered":
            raise Failure(
                f"the endpoint did not take it: {_answer(sent) or 'no answer yet'}",
                code="not_delivered",
                details={"delivery": sent.id, "state": sent.state},
            )
        if as_json:
            _print_json(delivery=dataclasses.asdict(sent))
            return
        click.echo(f"delivered {sent.id}: {_answer(sent)}")


@command.command()
@click.option("--job", metavar="ID", help="Only of this job.")
@click.option("--endpoint", metavar="ID", help="Only for this endpoint.")
@click.option("--state", type=click.Choice(["pending", "delivered", "failed", "stopped"]))
@click.option("--limit", type=click.IntRange(1, 100), default=20, help="How many. [default: 20]")
@_AS_JSON
@connection_options
def deliveries(
    job: str | None,
    endpoint: str | None,
    state: str | None,
    limit: int,
    as_json: bool,
    **options: Any,
) -> None:
    """List what was sent, newest first."""
    with reported(as_json), connected(options, Screen()) as client:
        page = client.webhooks.deliveries(limit=limit, job=job, endpoint=endpoint, state=state)
        if as_json:
            _print_json(deliveries=[dataclasses.asdict(one) for one in page.deliveries])
            return
        rows = [
            [
                *(one.id, one.created_at[:19], one.event, one.state, str(one.attempt_count)),
                *(_answer(one), one.job or "", one.url or ""),
            ]
            for one in page.deliveries
        ]
        click.echo(table(["ID", "CREATED", "EVENT", "STATE", "TRIES", "LAST", "JOB", "URL"], rows))


@command.command()
@click.argument("delivery_id", metavar="ID")
@_AS_JSON
@connection_options
def redeliver(delivery_id: str, as_json: bool, **options: Any) -> None:
    """Send a delivery again now, under the same webhook-id."""
    with reported(as_json), connected(options, Screen()) as client:
        asked = client.webhooks.redeliver(delivery_id)
        if as_json:
            _print_json(delivery=dataclasses.asdict(asked))
            return
        click.echo(
            f"sending {asked.id} again; `darkroom webhooks deliveries` shows what came of it"
        )


@command.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Default: a free one.")
@click.option("--url", metavar="URL", help="Public address that leads here, such as a tunnel's.")
@click.option("--count", type=click.IntRange(1), help="Stop after so many deliveries.")
@_EVENT
@_FORMAT
@click.option("--json", "as_json", is_flag=True, help="One JSON object per delivery.")
@connection_options
def listen(
    port: int,
    url: str | None,
    count: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Receive, verify and print deliveries on this machine until Ctrl-C.

    A temporary endpoint is made for it and removed at the end. Without --url the server must run
    on this machine with webhook_allow_local. The printed address also serves as a request's
    callback_url.
    """
    from darkroom.cli.receiver import Receiver

    events, format = options.pop("events"), options.pop("format")
    screen = Screen()
    with reported(as_json):
        try:
            receiver = Receiver(port)
        except OSError as error:
            raise Failure(f"cannot listen on port {port}: {error.strerror}") from error
        with receiver.listening(), connected(options, screen, embed=False) as client:
            endpoint = _temporary(client, url, receiver.url, events, format)
            try:
                receiver.trust(_genuine(endpoint.secret or "", client.webhooks.secret().secret))
                screen.note(f"listening on {endpoint.url}; Ctrl-C ends it")
                left = count
                while left is None or left > 0:
                    _print_received(receiver.next(), as_json)
                    left = None if left is None else left - 1
            finally:
                client.webhooks.delete(endpoint.id)


def _temporary(
    client: "Client", url: str | None, local: str, events: tuple[str, ...], format: str | None
) -> "WebhookEndpoint":
    from darkroom_client import APIError

    try:
        return client.webhooks.create(url or local, events=events or None, format=format)
    except APIError as error:
        if url is None and error.param == "url":
            raise Failure(
                "the server does not send to this machine: start it with"
                " DARKROOM_WEBHOOK_ALLOW_LOCAL=true, or name a public address: --url",
                code="webhook_allow_local",
            ) from error
        raise


def _genuine(*secrets: str) -> "Check":
    """Accepts what is signed with any of the secrets."""
    from darkroom_client import WebhookVerificationError, verify_webhook

    def check(received: "Received") -> str:
        problem = ""
        for one in secrets:
            try:
                verify_webhook(received.body, received.headers, one)
            except WebhookVerificationError as error:
                problem = str(error)
            else:
                return ""
        return problem

    return check


def _print_received(received: "Received", as_json: bool) -> None:
    headers = {name.lower(): value for name, value in received.headers.items()}
    delivery = headers.get("webhook-id", "")
    try:
        body = json.loads(received.body)
    except ValueError:
        body = received.body.decode(errors="replace")
    if as_json:
        told = {"ok": not received.problem, "delivery": delivery, "body": body}
        if received.problem:
            told["problem"] = received.problem
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    verdict = click.style("verified", fg="green")
    if received.problem:
        verdict = click.style(f"NOT VERIFIED: {received.problem}", fg="red")
    click.echo(f"{time.strftime('%H:%M:%S')}  {delivery}  {verdict}")
    click.echo(json.dumps(body, ensure_ascii=False, indent=2))


def _settled(client: "Client", sent: "WebhookDelivery") -> "WebhookDelivery":
    """The delivery when something came of it, or as it is after a while."""
    deadline = time.monotonic() + _TEST_WAIT_S
    while sent.state == "pending" and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_S)
        sent = client.webhooks.delivery(sent.id)
    return sent


def _answer(sent: "WebhookDelivery") -> str:
    """What the last attempt brought."""
    return f"HTTP {sent.last_status}" if sent.last_status else sent.last_error or ""


def _print_secret(made: "WebhookSecret", as_json: bool) -> None:
    if as_json:
        _print_json(**dataclasses.asdict(made))
        return
    click.echo(made.secret)


def _without_secret(endpoint: "WebhookEndpoint") -> dict[str, Any]:
    shown = dataclasses.asdict(endpoint)
    del shown["secret"]  # never there: it has a command of its own
    return shown


def _print_json(**fields: Any) -> None:
    click.echo(json.dumps({"ok": True, **fields}, ensure_ascii=False))
