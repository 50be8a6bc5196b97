"""The kill form: servers under load that die at any moment, again and again, and start anew."""

import hashlib
import math
import os
import random
import signal
import socket
import time
from collections.abc import Generator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import httpx2
from sqlalchemy import Connection, create_engine, update

from darkroom.core.ids import now_ms
from darkroom.db import owned
from darkroom.db.tables import webhook_deliveries
from tests.chaos.clients import Buyer, GaveUp, Mode, Order, Receipt
from tests.chaos.forkserver import ForkServer
from tests.chaos.servers import Server
from tests.chaos.sink import Sink
from tests.chaos.vendor import FlakyVendor, Purchase
from tests.support.process import deployment_table, until
from tests.support.running import KEY

STRICT, RESENT = "gpt-image-2", "gpt-image-2.5-flare"
"""Models: of the first, what may have been billed is not bought again; of the second it is."""
_TIMEOUT_S = 3
_DEAD_AFTER_S = 2
_FROZEN_S = 3.5
_MOMENT_S = 1.0
"""How long a moment is waited for; it is over as well when nothing moves for so long."""
_SETTLE_S = 600.0
_LOOK_EVERY = 3
"""So many webhooks later the API is asked for the state of a job again."""
_LINKED_JOBS_MAX = 300


@dataclass(frozen=True, slots=True)
class Storm:
    """What happens in one run. With ``database_url`` the servers share it, else SQLite.

    ``freezes``: one kill in ten is a pause instead, so long that the others take the frozen one
    for dead.
    """

    folder: Path
    seed: int
    kills: int
    jobs: int
    clients: int = 16
    database_url: str = ""
    processes: int = 1
    freezes: bool = False
    minutes_max: float = math.inf
    """No more orders and kills after that; what was ordered is brought to its end."""


@dataclass
class Aftermath:
    """What is left to look at, and what was done."""

    storm: Storm
    receipts: list[Receipt] = field(default_factory=list[Receipt])
    purchases: list[Purchase] = field(default_factory=list[Purchase])
    kills: int = 0
    kills_at_start: int = 0
    freezes: int = 0
    seconds: float = 0.0
    links: int = 0
    broken_links: list[str] = field(default_factory=list[str])
    sink: Sink = field(default_factory=lambda: Sink(0))

    @property
    def database_url(self) -> str:
        return self.storm.database_url or f"sqlite:///{self.data_dir / 'darkroom.db'}"

    @property
    def data_dir(self) -> Path:
        return self.storm.folder / "data"


def play(storm: Storm) -> Aftermath:
    """Raises ``AssertionError`` when servers do not start, or jobs do not end."""
    started = time.monotonic()
    with _Run(storm) as run:
        run.open()
        for _ in range(storm.kills):
            if time.monotonic() - started > storm.minutes_max * 60:
                break
            run.round()
        run.close()
        found = run.found
    found.seconds = time.monotonic() - started
    return found


class _Run:
    def __init__(self, storm: Storm) -> None:
        self._storm = storm
        self._chance = random.Random(storm.seed)
        self._stack = ExitStack()
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._ordered = 0
        self._over = False
        self._starts: list[Future[object]] = []
        self.found = Aftermath(storm, sink=Sink(storm.seed))

    def __enter__(self) -> "_Run":
        enter = self._stack.enter_context
        self._sink = enter(self.found.sink)
        self._vendors = [
            enter(FlakyVendor(name, self._storm.seed)) for name in ("first", "second", "third")
        ]
        self._refusing = enter(socket.socket())
        self._refusing.bind(("127.0.0.1", 0))  # and nobody listens
        self._servers = self._made_servers(enter(ForkServer(os.environ)))
        self._http = enter(httpx2.Client(headers={"authorization": f"Bearer {KEY}"}, timeout=2))
        for server in self._servers:
            enter(server)
        self._pool = enter(ThreadPoolExecutor(self._storm.clients + 8, "chaos"))
        return self

    def __exit__(self, *raised: object) -> None:
        self._over = True
        for _ in range(self._storm.clients):
            self._orders.put(None)
        self._stack.close()

    def open(self) -> None:
        """Start everything; the first start is cut off once as well."""
        first = self._servers[0].launch()
        until(self.found.data_dir.is_dir, "a first sign")
        time.sleep(self._chance.uniform(0, 0.2))  # the schema is made now
        self._kill(first)
        self.found.kills_at_start += 1
        for server in self._servers:
            server.start()
        with self._servers[0].client() as http:
            made = http.post("/v1/webhooks/endpoints", json={"url": f"{self._sink.url}/endpoint"})
            self._sink.secrets["/endpoint"] = made.json()["secret"]
            account = http.get("/v1/webhooks/secret")
            self._sink.secrets["/callback"] = account.json()["secret"]
        self._sink.look = self._look
        self._buyers = [
            self._pool.submit(self._buy, f"{self._storm.seed} buyer {number}")
            for number in range(self._storm.clients)
        ]

    def round(self) -> None:
        """New orders; one server dies at a moment chosen by chance, and is started again."""
        batch = -(-self._storm.jobs // self._storm.kills)
        until(lambda: self._orders.qsize() <= batch, "the orders before", _SETTLE_S)
        for _ in range(min(batch, self._storm.jobs - self._ordered)):
            self._orders.put(self._order())
        until(self._urls, "a server that is up", _SETTLE_S)
        victim = self._chance.choice([one for one in self._servers if one.url])
        self._moment()
        if self._storm.freezes and self._chance.random() < 0.1:
            self._freeze(victim)
            return
        self._kill(victim)
        if self._chance.random() < 0.2:
            victim.launch()
            time.sleep(self._chance.uniform(0, 0.5))  # somewhere in its start
            self._kill(victim)
            self.found.kills_at_start += 1
        self._start(victim)

    def close(self) -> None:
        """Every client gets its answer; then time passes, until every delivery was made."""
        for _ in range(self._storm.clients):
            self._orders.put(None)
        for buyer in self._buyers:
            buyer.result()
        for start in self._starts:
            start.result()
        self._sink.look = lambda _: None
        self._sink.steady = True
        for server in self._servers:
            assert server.stop() == 0, server.output[-2_000:]
        for vendor in self._vendors:
            self.found.purchases += vendor.purchases
        pass_time(self.found.database_url)
        last = self._servers[0]
        last.start()
        with last.client() as http:
            told, left = -1, True
            while left and len(self._sink.told) > told:  # as long as there is progress
                told = len(self._sink.told)
                with suppress(AssertionError):
                    until(lambda: _none_left(http), "the last webhooks", _SETTLE_S)
                    left = False
            self._follow_links(http)
        last.stop()

    def _follow_links(self, http: httpx2.Client) -> None:
        """Of some jobs, as their owner would."""
        some = min(_LINKED_JOBS_MAX, len(self.found.receipts))
        for receipt in self._chance.sample(self.found.receipts, some):
            for job_id in receipt.job_ids:
                for asset in http.get(f"/v1/jobs/{job_id}").json()["assets"]:
                    self.found.links += 1
                    answer = http.get(asset["url"])
                    if hashlib.sha256(answer.content).hexdigest() != asset["sha256"]:
                        self.found.broken_links.append(f"{job_id}: {answer.status_code}")

    def _made_servers(self, nursery: ForkServer) -> list[Server]:
        shared = {
            "DARKROOM_DATA_DIR": str(self.found.data_dir),
            "DARKROOM_DATABASE_URL": self._storm.database_url,
            "DARKROOM_DEAD_AFTER_S": str(_DEAD_AFTER_S),
            "DARKROOM_WEBHOOK_ALLOW_LOCAL": "true",
        }
        config = self._config()
        return [
            Server(nursery, self._storm.folder / f"server-{number}", config, **shared)
            for number in range(self._storm.processes)
        ]

    def _config(self) -> str:
        """Cheapest first: one that nobody answers at, then two that never sell twice."""
        first, second, third = self._vendors
        port = self._refusing.getsockname()[1]
        common = {"timeout_s": _TIMEOUT_S}
        return "\n".join(
            (
                deployment_table(
                    first,
                    **common,
                    id="closed",
                    base_url=f"http://127.0.0.1:{port}/v1",
                    models=[STRICT, RESENT],
                    price_multiplier="0.5",
                ),
                deployment_table(first, **common, models=[STRICT], price_multiplier="0.9"),
                deployment_table(second, **common, models=[STRICT]),
                deployment_table(third, **common, models=[RESENT], resend_unknown=True),
            )
        )

    def _order(self) -> Order:
        self._ordered += 1
        mode = self._chance.choice(list(Mode))
        told = mode is Mode.ASYNC or self._chance.random() < 0.2
        return Order(
            prompt=f"chaos {self._storm.seed}-{self._ordered}",
            mode=mode,
            model=self._chance.choice((STRICT, STRICT, RESENT)),
            images=1 if mode is Mode.STREAM else self._chance.choice((1, 1, 2)),
            callback_url=f"{self._sink.url}/callback" if told else None,
        )

    def _buy(self, seed: str) -> None:
        """One client after another, until there are no more orders."""
        buyer = Buyer(self._urls, seed)
        try:
            while (order := self._orders.get()) is not None:
                self.found.receipts.append(buyer.buy(order))
        finally:
            buyer.close()

    def _urls(self) -> list[str]:
        if self._over:
            raise GaveUp("the run has failed")
        return [server.url for server in self._servers if server.url]

    def _moment(self) -> None:
        """Wait until a few more of something have happened, whatever it is."""
        watched: list[list[Sized]] = [
            [vendor.received for vendor in self._vendors],
            [vendor.purchases for vendor in self._vendors],
            [self._sink.told],
            [self.found.receipts],
        ]
        chosen = self._chance.choice(watched)
        goal = sum(map(len, chosen)) + self._chance.randint(1, 12)
        with suppress(AssertionError):
            until(lambda: sum(map(len, chosen)) >= goal, "a moment", _MOMENT_S)

    def _kill(self, server: Server) -> None:
        server.kill()
        server.url = ""
        self.found.kills += 1

    def _start(self, server: Server) -> None:
        """Among several, the others go on meanwhile."""
        if self._storm.processes == 1:
            server.start()
        else:
            self._starts.append(self._pool.submit(server.start))

    def _freeze(self, server: Server) -> None:
        server.send(signal.SIGSTOP)
        self.found.freezes += 1

        def thaw() -> None:
            time.sleep(_FROZEN_S)
            if not server.ended:
                server.send(signal.SIGCONT)

        self._starts.append(self._pool.submit(thaw))

    def _look(self, job_id: str) -> str | None:
        """The state of the job as the API tells it; None when nobody can be asked just now."""
        urls = self._urls()
        if len(self._sink.told) % _LOOK_EVERY:
            return None
        try:
            answer = self._http.get(f"{urls[0]}/v1/jobs/{job_id}")
        except (IndexError, httpx2.TransportError):
            return None
        return answer.json()["state"] if answer.status_code == 200 else None


def pass_time(database_url: str) -> None:
    """While no server runs: what waits for its time is due, as if that had passed."""
    due = update(webhook_deliveries).where(webhook_deliveries.c.state == "pending")
    with opened(database_url) as connection:
        connection.execute(due.values(due_at_ms=now_ms()))
        connection.commit()


@contextmanager
def opened(database_url: str) -> Generator[Connection]:
    """A connection of our own to the database, which no server may be using if it is SQLite."""
    path = Path(database_url.removeprefix("sqlite:///"))
    with ExitStack() as stack:
        if database_url.startswith("sqlite"):
            stack.enter_context(owned(path))
        engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
        stack.callback(engine.dispose)
        yield stack.enter_context(engine.connect())


def _none_left(http: httpx2.Client) -> bool:
    answer = http.get("/v1/webhooks/deliveries", params={"state": "pending", "limit": 1})
    return answer.json()["data"] == []
