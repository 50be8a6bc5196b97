"""Signing in: links that work once, sessions by cookie, what other sites cannot do with them."""

import asyncio
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import pytest

from darkroom.core.errors import RateLimited, Unauthorized
from darkroom.core.ids import new_id, now_ms
from darkroom.core.secret import Secret
from darkroom.db import open_database
from darkroom.server.keys import ADMIN, Keys, KeyTerms
from darkroom.server.records import ApiKey
from darkroom.server.sessions import SIGN_IN_S, Guesses, Lifetimes, Sessions
from darkroom.server.sessions.service import _PER_KEY_MAX
from tests.server.client import GENERATE, asking, client, other_key, refusal
from tests.support.running import Running

OURS = {"x-darkroom-session": "1", "sec-fetch-site": "same-origin"}
DAY_S = 86_400
_NO_TERMS = KeyTerms()


class Browser:
    """A client with cookies that says of every request where it comes from, as browsers do."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.http = httpx2.Client(base_url=url, headers={"origin": url, **OURS, **headers})

    def sign_in(self, **credential: Any) -> httpx2.Response:
        return self.http.post("/v1/session", json=credential)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self.http.cookies)


@pytest.fixture
def browser(shared: Running) -> Iterator[Browser]:
    with Browser(shared.url) as found:
        yield found


def link_of(http: httpx2.Client, **body: Any) -> str:
    """The token of a new link."""
    answer = http.post("/v1/sign-in-links", json=body)
    assert answer.status_code == 201, answer.text
    url = answer.json()["url"]
    assert urlsplit(url).fragment.startswith("token=")
    return urlsplit(url).fragment.removeprefix("token=")


# --- signing in ---------------------------------------------------------------------------------


def test_a_key_is_exchanged_for_a_cookie_that_scripts_cannot_read(
    shared: Running, browser: Browser
) -> None:
    answer = browser.sign_in(key=shared.key)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    port = urlsplit(shared.url).port
    assert cookie.startswith(f"darkroom_session_{port}=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert "secure" not in parts  # the page is http
    assert not any(part.startswith("domain") for part in parts)
    told = answer.json()
    assert shared.key not in answer.text + cookie
    assert (told["object"], told["role"]) == ("session", "admin")
    assert told["key"]["scopes"] == ["admin", "images"]
    assert told["key"]["hint"].endswith(shared.key[-4:])
    assert told["account"]["name"] == "default"
    assert told["created_at"] < told["idle_expires_at"] < told["expires_at"]
    assert browser.http.get("/v1/session").json() == told
    made = browser.http.post(GENERATE, json=asking())
    assert made.status_code == 200
    with client(shared) as http:  # it is the key's own job
        assert http.get(f"/v1/jobs/{made.headers['x-darkroom-job']}").status_code == 200


def test_a_link_signs_in_once(shared: Running, http: httpx2.Client, browser: Browser) -> None:
    token = link_of(http)
    assert browser.sign_in(token=token).status_code == 201
    assert browser.http.get("/v1/models").status_code == 200
    with Browser(shared.url) as again:
        error = refusal(again.sign_in(token=token), 401)
        assert "darkroom playground" in error["message"]
        assert again.cookies == {}


def test_a_link_may_be_for_another_key_if_an_admin_asks(
    shared: Running, http: httpx2.Client, browser: Browser
) -> None:
    made = http.post("/v1/keys", json={"name": "guest of a link"}).json()
    token = link_of(http, key=made["id"])
    told = browser.sign_in(token=token).json()
    assert (told["role"], told["key"]["name"]) == ("user", "guest of a link")
    refusal(browser.http.get("/v1/keys"), 403)
    [own] = [key for key in http.get("/v1/keys").json()["data"] if key["name"] == "init"]
    with client(shared, made["key"]) as guest:
        assert link_of(guest)
        refusal(guest.post("/v1/sign-in-links", json={"key": own["id"]}), 403)
    refusal(http.post("/v1/sign-in-links", json={"key": "nobody"}), 404)


def test_the_operator_gets_a_link_of_the_oldest_admin(shared: Running, browser: Browser) -> None:
    from json import loads

    beacon = loads((shared.settings.data_dir / "server.json").read_text(encoding="utf-8"))
    with client(shared, beacon["key"]) as operator:
        told = operator.get("/v1/session").json()
        assert (told["id"], told["role"], told["key"]["id"]) == (None, "admin", "operator")
        token = link_of(operator)
    assert browser.sign_in(token=token).json()["key"]["name"] == "init"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "token"),
        ({"token": "a", "key": "b"}, "token"),
        ({"token": 7}, "token"),
        ({"key": ""}, "key"),
        ({"key": "x" * 513}, "key"),
        ({"password": "x"}, "password"),
    ],
)
def test_odd_credentials(browser: Browser, body: dict[str, Any], param: str) -> None:
    assert refusal(browser.http.post("/v1/session", json=body), 400)["param"] == param


def test_guesses_are_bounded(tmp_path: Any) -> None:
    with Running(tmp_path / "data", trusted_proxies=["127.0.0.0/8"]) as server:

        def attempt(address: str, key: str = "wrong") -> httpx2.Response:
            headers = {"x-forwarded-for": address}
            return httpx2.post(f"{server.url}/v1/session", json={"key": key}, headers=headers)

        statuses = [attempt("203.0.113.7").status_code for _ in range(11)]
        assert statuses == [401] * 10 + [429]
        refused = attempt("203.0.113.7", server.key)
        assert refusal(refused, 429)["code"] == "rate_limit_exceeded"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert attempt("203.0.113.8", server.key).status_code == 201


# --- what a session may do, and until when ------------------------------------------------------


def test_signing_out(shared: Running, browser: Browser) -> None:
    browser.sign_in(key=shared.key)
    stolen = browser.cookies
    assert browser.http.delete("/v1/session").json() == {"object": "session", "signed_out": True}
    assert browser.cookies == {}
    refusal(browser.http.get("/v1/session"), 401)
    refusal(httpx2.get(f"{shared.url}/v1/session", cookies=stolen), 401)
    assert browser.http.delete("/v1/session").status_code == 200  # once more does no harm


def test_a_session_ends_with_its_key(
    shared: Running, http: httpx2.Client, browser: Browser
) -> None:
    made = http.post("/v1/keys", json={"name": "to be revoked"}).json()
    browser.sign_in(key=made["key"])
    assert browser.http.get("/v1/jobs").status_code == 200
    http.delete(f"/v1/keys/{made['id']}")
    refusal(browser.http.get("/v1/jobs"), 401)


def test_a_key_in_a_header_wins_over_the_cookie(shared: Running, browser: Browser) -> None:
    key = other_key(shared, "explicit")
    browser.sign_in(key=shared.key)
    own = {"authorization": f"Bearer {key}"}
    assert browser.http.get("/v1/session", headers=own).json()["account"]["name"] == "explicit"
    wrong = {"authorization": "Bearer nonsense"}
    refusal(browser.http.get("/v1/jobs", headers=wrong), 401)


def test_accounts_stay_apart(shared: Running, http: httpx2.Client, browser: Browser) -> None:
    job = http.post(GENERATE, json=asking()).headers["x-darkroom-job"]
    browser.sign_in(key=other_key(shared, "apart"))
    refusal(browser.http.get(f"/v1/jobs/{job}"), 404)


def test_what_is_signed_with_the_key_needs_the_key(shared: Running, browser: Browser) -> None:
    browser.sign_in(key=shared.key)
    wish = {"url": "https://hooks.example/x", "format": "apiframe"}
    assert refusal(browser.http.post("/v1/webhooks/endpoints", json=wish), 400)["param"] == "format"


# --- other sites --------------------------------------------------------------------------------

FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},  # another port of this machine: SameSite lets it through
    {"origin": "", "sec-fetch-site": "cross-site"},
    {"origin": "", "sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_cookie_is_worth_nothing_to_other_sites(
    shared: Running, browser: Browser, method: str, headers: dict[str, str]
) -> None:
    browser.sign_in(key=shared.key)
    sent = {name: value for name, value in {**OURS, **headers}.items() if value}
    path = "/v1/jobs" if method == "GET" else GENERATE
    body = None if method == "GET" else asking()
    answer = httpx2.request(
        method, shared.url + path, json=body, headers=sent, cookies=browser.cookies
    )
    assert refusal(answer, 403)["code"] == "permission_denied"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("headers", FOREIGN)
def test_other_sites_cannot_sign_a_browser_in(shared: Running, headers: dict[str, str]) -> None:
    sent = {name: value for name, value in headers.items() if value}
    answer = httpx2.post(f"{shared.url}/v1/session", json={"key": shared.key}, headers=sent)
    refusal(answer, 403)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("missing", ["x-darkroom-session", "origin and sec-fetch-site"])
def test_what_changes_something_must_say_that_it_is_ours(
    shared: Running, browser: Browser, missing: str
) -> None:
    browser.sign_in(key=shared.key)
    sent = {"origin": shared.url, **OURS}
    left = {name: value for name, value in sent.items() if name not in missing}
    answer = httpx2.post(
        shared.url + GENERATE, json=asking(), headers=left, cookies=browser.cookies
    )
    refusal(answer, 403)


@pytest.mark.parametrize("site", ["same-origin", "none", ""])
def test_reading_needs_the_cookie_alone(shared: Running, browser: Browser, site: str) -> None:
    """As EventSource, pictures and downloads ask; older browsers, and http, do not say the site."""
    browser.sign_in(key=shared.key)
    sent = {"sec-fetch-site": site} if site else {}
    answer = httpx2.get(f"{shared.url}/v1/jobs", headers=sent, cookies=browser.cookies)
    assert answer.status_code == 200


# --- https and proxies --------------------------------------------------------------------------

TLS = {"x-forwarded-proto": "https", "host": "img.example"}


def test_behind_a_trusted_proxy_the_cookie_is_bound_to_https(shared: Running) -> None:
    sent = {**TLS, "origin": "https://img.example", **OURS}
    answer = httpx2.post(f"{shared.url}/v1/session", json={"key": shared.key}, headers=sent)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-darkroom=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts
    value = cookie.partition(";")[0].partition("=")[2]
    found = {"cookie": f"__Host-darkroom={value}"}
    assert httpx2.get(f"{shared.url}/v1/session", headers={**TLS, **found}).status_code == 200
    # a name that plain http, or a neighbouring host, could have set does not count over https
    plain = {"cookie": f"darkroom_session={value}"}
    refusal(httpx2.get(f"{shared.url}/v1/session", headers={**TLS, **plain}), 401)


def test_a_proxy_that_is_not_trusted_is_not_believed(tmp_path: Any) -> None:
    with Running(tmp_path / "data", trusted_proxies=["192.0.2.1"]) as server:
        sent = {**TLS, "origin": "https://img.example", **OURS}
        answer = httpx2.post(f"{server.url}/v1/session", json={"key": server.key}, headers=sent)
        assert "trusted_proxies" in refusal(answer, 403)["message"]


def test_a_public_url_says_what_the_browser_sees(tmp_path: Any) -> None:
    with Running(
        tmp_path / "data", public_url="https://img.example/", trusted_proxies=[]
    ) as server:
        sent = {"host": "img.example", "origin": "https://img.example", **OURS}
        answer = httpx2.post(f"{server.url}/v1/session", json={"key": server.key}, headers=sent)
        assert answer.headers["set-cookie"].startswith("__Host-darkroom=")
        with client(server) as http:
            url = http.post("/v1/sign-in-links", json={}).json()["url"]
            assert url.startswith("https://img.example/#token=")
        # on the machine itself the page is plain http all the same
        with Browser(server.url) as local:
            assert "__Host" not in local.sign_in(key=server.key).headers["set-cookie"]
            assert local.http.get("/v1/session").status_code == 200


# --- times, with a clock of the test's own ------------------------------------------------------


class Bench:
    """Sessions over a database, and a clock that is set."""

    def __init__(self, database: Any, **terms: int) -> None:
        self.at_ms = now_ms()
        self.database = database
        self.keys = Keys(database, Secret("pepper"))
        lifetimes = Lifetimes(terms.get("idle_s", 3_600), terms.get("most_s", DAY_S))
        self.make = lambda: Sessions(
            database, Secret("pepper"), self.keys, lifetimes, lambda: self.at_ms
        )

    async def key(self, terms: KeyTerms = _NO_TERMS) -> tuple[ApiKey, str]:
        """A new one, with an account of its own."""
        name = new_id()
        return await self.keys.create(name, name, frozenset((ADMIN,)), terms=terms)

    def later(self, seconds: float) -> Sessions:
        """A process that knows nothing but the database, some time later."""
        self.at_ms += int(seconds * 1000)
        return self.make()


@pytest.fixture
async def bench(module_database_url: str) -> Any:
    database = await open_database(module_database_url)
    yield Bench(database)
    await database.close()


async def test_a_session_is_known_by_every_process_until_it_is_left_alone(bench: Bench) -> None:
    _, key = await bench.key()
    signed_in = await bench.make().by_key(key)
    assert key not in repr(signed_in)
    assert signed_in.secret not in repr(signed_in)
    for _ in range(3):  # each use begins the idle time anew
        found = await bench.later(3_000).find(signed_in.secret)
        assert found.principal.account_id == signed_in.principal.account_id
    with pytest.raises(Unauthorized):
        await bench.later(3_601).find(signed_in.secret)


async def test_a_session_ends_after_its_lifetime_whatever_it_did(bench: Bench) -> None:
    _, key = await bench.key()
    signed_in = await bench.make().by_key(key)
    for _ in range(28):
        await bench.later(3_000).find(signed_in.secret)
    with pytest.raises(Unauthorized):
        await bench.later(3_000).find(signed_in.secret)


async def test_a_link_is_used_by_one_of_many_who_try_at_once(bench: Bench) -> None:
    made, _ = await bench.key()
    sessions = bench.make()
    token, _ = await sessions.link(made.id)
    tries = [bench.make().by_link(token) for _ in range(8)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, Unauthorized) for one in done) == 1


async def test_a_link_is_good_for_half_an_hour(bench: Bench) -> None:
    made, _ = await bench.key()
    for late_s, taken in ((SIGN_IN_S - 1, True), (SIGN_IN_S, False)):
        token, _ = await bench.make().link(made.id)
        later = bench.later(late_s)
        if taken:
            await later.by_link(token)
        else:
            with pytest.raises(Unauthorized):
                await later.by_link(token)


async def test_a_key_that_was_revoked_or_expired_signs_nobody_in(bench: Bench) -> None:
    made, key = await bench.key()
    sessions = bench.make()
    token, _ = await sessions.link(made.id)
    signed_in = await sessions.by_key(key)
    await bench.keys.set_expiry(made.id, now_ms() - 1)
    for attempt in (sessions.by_link(token), sessions.by_key(key), sessions.find(signed_in.secret)):
        with pytest.raises(Unauthorized):
            await attempt
    terms = KeyTerms(expires_at_ms=now_ms() + 60_000)
    _, soon = await bench.key(terms)
    assert (await sessions.by_key(soon)).key.expires_at_ms == terms.expires_at_ms


async def test_the_oldest_sessions_of_a_key_make_room(bench: Bench) -> None:
    _, key = await bench.key()
    first = await bench.make().by_key(key)
    for _ in range(_PER_KEY_MAX):
        last = await bench.later(1).by_key(key)
    with pytest.raises(Unauthorized):
        await bench.make().find(first.secret)
    assert await bench.make().find(last.secret)


# --- guesses ------------------------------------------------------------------------------------


def test_an_address_may_try_again_after_a_minute() -> None:
    at = 0.0
    guesses = Guesses(lambda: at)
    for _ in range(10):
        guesses.check("203.0.113.7")
        guesses.failed("203.0.113.7")
    with pytest.raises(RateLimited):
        guesses.check("203.0.113.7")
    guesses.check("203.0.113.8")
    at = 60.0
    guesses.check("203.0.113.7")


def test_addresses_of_one_ipv6_network_are_one() -> None:
    guesses = Guesses(lambda: 0.0)
    for host in range(10):
        guesses.failed(f"2001:db8::{host}")
    with pytest.raises(RateLimited):
        guesses.check("2001:db8::ffff")
    guesses.check("2001:db8:0:1::1")


def test_the_memory_of_guesses_is_bounded() -> None:
    guesses = Guesses(lambda: 0.0)
    for number in range(10_000):
        guesses.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(guesses._failures) == 4_096
