"""Requests whose headers, paths and file names try to be more than they are."""

import json
import re
from collections.abc import Iterator

from starlette.routing import Route

from darkroom.server.app import create_app
from darkroom.server.keys import Keys
from tests.hostile.place import HOST, Place, Tally
from tests.server.client import client, form_body, part, photo

HOSTS = (
    *("", " ", "x/?", "x/v1/models?", "x?y", "x#y", "a b", "a\tb", "a@b", "user:secret@x", "x:y"),
    *("x:99999999", "x:-1", "x:", "x:80:80", "x/../y", "//x", "x\\y", "x;y", "x,y", "x'y", 'x"y'),
    *("<x>", "{x}", "x|y", "x^y", "x`y", "$(id)", "*", "%78", "x%00", "x%0d%0aA:%20b", "[::1"),
    *("::1", "[::1]]", "[x]", "[::1]x", "ex\xe4mple", "\xff\xfe", "x" * 300, ".", "-", "..", "0"),
)  # fmt: skip
SPOOFS = (
    *("X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Port: 1"),
    *("X-Forwarded-For: 127.0.0.1", "X-Forwarded-Prefix: /evil", "X-Forwarded-Scheme: https"),
    *("Forwarded: for=127.0.0.1;host=evil.example;proto=https", "X-Real-IP: 127.0.0.1"),
    *("X-Host: evil.example", "X-Original-Host: evil.example", "X-Forwarded-Server: evil.example"),
    *("X-Original-URL: /healthz", "X-Rewrite-URL: /healthz", "X-HTTP-Method-Override: DELETE"),
    *("X-Forwarded-User: admin", "X-Remote-User: admin", "Remote-User: admin", "X-User: admin"),
    *("X-Client-IP: ::1", "True-Client-IP: 127.0.0.1", "X-Forwarded-Path: /x", "Via: 1.1 x"),
)  # fmt: skip
TRAVERSALS = (
    *("..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..%2f..%2fetc%2fpasswd", ".%2e"),
    *("..%5c..%5cboot.ini", "..\\..\\x", "%252e%252e%252f", "%c0%ae%c0%ae%c0%af", "%e0%80%ae"),
    *("%ff", "%00", "x%00.png", "%0d%0aX-Evil:%20yes", "%0a", "%20", "%2f", "%2fetc%2fpasswd"),
    *("..;", "~root", "....%2f%2f", "%2e", "%2e%2f", "file:%2f%2f%2fetc%2fpasswd", "CON"),
    *("x" * 5_000, "%f0%9f%98%80", "'%20OR%201=1--", "%25", "*", "{x}", "$%7bx%7d"),
    *("%u002e%u002e", "..%c1%9c..", "%ed%a0%80"),
)  # fmt: skip
FILE_NAMES = (
    *("../../evil.png", "..\\..\\evil.png", "/etc/evil.png", "C:\\evil.png", "evil\x00.png"),
    *("evil\r\nX-Evil: yes", "evil%0d%0aX-Evil: yes", 'evil".png', "evil;.png", "evil" * 500),
    *("", "~/evil.png", "evil.php", ".htaccess", "CON", "evil.png/.", "evil\u202egnp.exe"),
)  # fmt: skip
_LINE = b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
_HEADERS = (
    *(b"A: b\x00c", b"A\x00: b", b"A: b\rc", b"A : b", b": b", b"A", b"A(b): c", b"Host: y"),
    *(b"Content-Length: 1\r\nContent-Length: 2", b"Content-Length: -1", b"Content-Length: +1"),
    *(b"Content-Length: 1,2", b"Content-Length: 0x1", b"Content-Length: " + b"9" * 30),
    *(b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0", b"Transfer-Encoding: x"),
    *(b"Transfer-Encoding: chunked\r\n\r\nzz", b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17),
    *(b"A: " + b"x" * 100_000, b"A: b\r\n" * 20_000, b"Cookie: " + b"a=b; " * 20_000),
    b"Authorization: \xff\xfe",
)  # fmt: skip
_PATHS = (
    *(b"http://127.0.0.1:22/v1/models", b"//v1/models", b"/healthz/../v1/models", b"*"),
    *(b"/healthz%2f..%2fv1%2fmodels", b"/v1/models;/healthz", b"/" + b"x" * 70_000, b"v1/models"),
    *(b"/\x00", b"/v1/models\x00/healthz", b"/v1/\xff", b"/v1/models HTTP/1.1 x", b""),
)  # fmt: skip
_STARTS = (
    *(b"GET /v1/models", b"GET", b"\x16\x03\x01\x02\x00\x01", b"GET /v1/models HTTP/9.9"),
    *(b"EVIL /v1/models HTTP/1.1\r\nHost: x", b"G\xffT /v1/models HTTP/1.1\r\nHost: x"),
    *(b"PRI * HTTP/2.0\r\n\r\nSM", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x"),
)  # fmt: skip
BROKEN = (
    *(_LINE + lines + b"\r\n\r\n" for lines in _HEADERS),
    *(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" for path in _PATHS),
    *(start + b"\r\n\r\n" for start in _STARTS),
)


def hosts(at: Place) -> Tally:
    """No Host header opens a door, breaks one, or gets into a link as anything but a host."""
    tally = Tally()
    for host in HOSTS:
        status, answer = at.ask("GET", "/v1/keys", {"Host": host})
        tally.note(f"{host!r} without a key", status in (400, 401), answer)
        status, answer = at.ask("GET", "/v1/files", {"Host": host, **at.key})
        plain = re.fullmatch(rb"[\w.\-\[\]:]*", host.encode("latin-1"))
        right = status == 400 or (status == 200 and plain is not None)
        tally.note(f"{host!r} with a key", right and _links_on(answer, host), answer)
    return tally


def spoofs(at: Place) -> Tally:
    """What a proxy would say is not believed of a stranger."""
    tally = Tally()
    for spoof in SPOOFS:
        name, value = spoof.split(": ")
        status, answer = at.ask("GET", "/v1/keys", {name: value})
        tally.note(f"{spoof} without a key", status == 401, answer)
        status, answer = at.ask("GET", "/v1/files", {name: value, **at.key})
        tally.note(f"{spoof} with a key", status == 200 and _links_on(answer, HOST), answer)
    for attempt in range(12):
        headers = {"X-Forwarded-For": f"10.0.0.{attempt}", "Content-Type": "application/json"}
        status, answer = at.ask("POST", "/v1/session", headers, b'{"key": "wrong"}')
        tally.note(f"sign-in {attempt}", status == (401 if attempt < 10 else 429), answer)
    return tally


def _links_on(answer: bytes, host: str) -> bool:
    links = re.findall(rb'"(https?://[^"]*)/assets/', answer)
    return all(link == b"http://" + host.encode("latin-1") for link in links)


def broken(at: Place) -> Tally:
    """Requests that are none: refused or cut off, and never taken for another."""
    tally = Tally()
    for raw in BROKEN:
        status, answer = at.send(raw)
        tally.note(repr(raw[:100]), status == 0 or 400 <= status < 500, answer)
    return tally


def traversals(at: Place, step: int = 1) -> Tally:
    """Texts that would lead elsewhere, in each place of each path."""
    tally = Tally()
    for number, (method, path) in enumerate(_paths_with_places(at)):
        for text in TRAVERSALS[number % step :: step]:
            filled = re.sub(r"\{[^}]*\}", lambda _, text=text: text, path)
            status, answer = at.ask(method, filled, at.key, b"{}")
            right = 400 <= status < 500 and b"\r\nX-Evil" not in answer and b"root:" not in answer
            tally.note(f"{method} {filled}", right, answer)
    return tally


def _paths_with_places(at: Place) -> Iterator[tuple[str, str]]:
    services = at.gateway.services
    app = create_app(services, Keys(services.database, services.key_pepper))
    while not hasattr(app, "routes"):
        app = vars(app)["_app"]
    for route in vars(app)["router"].routes:
        assert isinstance(route, Route)
        if "{" in route.path:
            yield from (
                (method, route.path) for method in sorted((route.methods or set()) - {"HEAD"})
            )


def file_names(at: Place) -> Tally:
    """No name of a file becomes one here, nor a header."""
    tally = Tally()
    for number, name in enumerate(FILE_NAMES):
        image = part("file", photo(f"{number}"), f'; filename="{name}"', "image/png")
        headers = {"Content-Type": "multipart/form-data; boundary=b", **at.key}
        status, answer = at.ask("POST", "/v1/files", headers, form_body("b", image))
        right = status in (200, 400, 413) and b"evil" not in answer.lower()
        if status == 200:
            body = json.loads(answer.partition(b"\r\n\r\n")[2])
            right = right and body["filename"] == f"{body['id']}.png"
            with client(at.gateway) as http:
                http.delete(f"/v1/files/{body['id']}").raise_for_status()
        tally.note(repr(name), right, answer)
    folder = at.gateway.settings.data_dir.parent
    strange = [path for path in folder.rglob("*") if "evil" in path.name.lower()]
    tally.note("the folder", not strange, strange)
    return tally
