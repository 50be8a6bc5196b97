"""A server that is killed between a POST and its record tells again, under the same id."""

from pathlib import Path

from tests.support.hooks import Hooks
from tests.support.process import Process, until


def test_a_killed_server_tells_again_under_the_same_id(tmp_path: Path) -> None:
    with (
        Hooks() as hooks,
        Process(tmp_path, DARKROOM_WEBHOOK_ALLOW_LOCAL="true") as server,
    ):
        hooks.before_answering = server.kill
        with server.start().client() as http:
            made = http.post("/v1/webhooks/endpoints", json={"url": hooks.url})
            assert made.status_code == 201, made.text
            endpoint = made.json()["id"]
            http.post(f"/v1/webhooks/endpoints/{endpoint}/test")
        first = hooks.next()
        until(lambda: server.ended, "the kill")
        hooks.before_answering = None
        with server.start().client() as http:
            again = hooks.next()
            assert again.headers["webhook-id"] == first.headers["webhook-id"]
            assert again.body == first.body
            path = f"/v1/webhooks/deliveries/{again.headers['webhook-id']}"
            until(lambda: http.get(path).json()["state"] == "delivered", "the record")
            assert "WARNING: webhook_allow_local" in server.output
        assert server.stop() == 0
