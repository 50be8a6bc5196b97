"""Links that were not signed here, and keys that were not given out."""

import json
import string
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, quote, urlsplit

from darkroom.assets import EDGES, Links, small_name
from darkroom.core.errors import NotFound
from darkroom.core.ids import new_file_id
from darkroom.core.secret import Secret
from darkroom.wiring import build_dialects
from tests.hostile.place import HOST, Place, Tally

_LETTERS = string.ascii_letters + string.digits + "-_=+/.~ %\x00\u00e9\u0661"


def _of(link: str) -> tuple[str, str, str]:
    """What is signed, its end, and the signature."""
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    name = parts.path.rpartition("/")[2].partition(".")[0]
    return name, query["exp"][0], query["sig"][0]


def _signatures(signature: str) -> Iterator[str]:
    """Each letter changed to every other one, left out and doubled."""
    for at, letter in enumerate(signature):
        head, tail = signature[:at], signature[at + 1 :]
        yield from (head + other + tail for other in _LETTERS if other != letter)
        yield head + tail
        yield head + letter * 2 + tail
    yield from ("", signature.lower(), signature.upper(), signature[::-1], signature + "=")
    yield from (f" {signature}", f"{signature} ", f"{signature}\n", signature * 2, "A" * 100_000)


def _ends(expires: str) -> Iterator[str]:
    """Another end of the link, and the same one written otherwise."""
    now = int(expires)
    yield from (str(now + step) for step in (-86_400, -1, 1, 60, 86_400, 10**9))
    yield from ("", "0", "-1", "1e99", "9" * 16, "9" * 5_000, "NaN", "inf", "0x7fffffff", "\u00b2")
    yield from (f"0{now}", f"+{now}", f" {now}", f"{now} ", f"{now}.0", f"{now}\n", f"{now:_}")
    yield from ("".join(chr(0x0660 + int(digit)) for digit in expires), expires[::-1])


def links(at: Place, step: int = 1) -> Tally:
    """Nothing but what was signed is taken: a sample over HTTP, each letter at the check."""
    tally = Tally()
    name, expires, signature = _of(at.link)
    checked: Links = at.gateway.services.links
    forged = [(name, expires, each) for each in _signatures(signature)]
    forged += [(name, each, signature) for each in _ends(expires)]
    forged += [(each, expires, signature) for each in _names(name)]
    forged.append((name, expires, _elsewhere(name, expires)))
    for each in forged:
        tally.note(f"check {each}", not _holds(checked, *each), "it holds")
    tally.note("the link itself", _holds(checked, name, expires, signature), "it does not hold")
    for path in [*_paths(at.link), *(_path(*each) for each in forged[:: 40 * step])]:
        status, answer = at.ask("GET", path, {})
        tally.note(f"GET {path}", status in (403, 404, 431), answer)
    status, answer = at.ask("GET", at.link, {})
    tally.note("GET it", status == 200, answer)
    return tally


def _names(name: str) -> Iterator[str]:
    yield from (small_name(name, edge) for edge in EDGES)
    yield from (new_file_id(), name.upper(), f"{name} ", f"{name}\x00", f"{name}/", f"./{name}", "")


def _elsewhere(name: str, expires: str) -> str:
    """By an installation with another key."""
    return Links(Secret("k" * 32), 60)._sign(name, expires)


def _holds(checked: Links, name: str, expires: str, signature: str) -> bool:
    try:
        checked.check(name, expires, signature)
    except NotFound:
        return False
    return True


def _path(name: str, expires: str, signature: str) -> str:
    return f"/assets/{quote(name, safe='')}.png?exp={quote(expires)}&sig={quote(signature)}"[
        :60_000
    ]


def _paths(link: str) -> Iterator[str]:
    """The link with its parts swapped, doubled and left out."""
    name, expires, signature = _of(link)
    head, good = f"/assets/{name}.png?", (f"exp={expires}", f"sig={signature}")
    later = f"exp={int(expires) + 86_400}"
    for query in (
        (), good[:1], good[1:], (later, good[1]), (*good, good[0]), (*good, good[1]),
        (good[0], *good), (good[1], *good), (later, *good), (*good, later), ("sig=", *good),
        (*good, "sig="),
        (f"exp[]={expires}", good[1]), (f"EXP={expires}", good[1]), (f"{good[0]};{good[1]}",),
        (f"exp={signature}", f"sig={expires}"),
    ):  # fmt: skip
        yield head + "&".join(query)
    for extension in ("jpg", "webp", "html", "svg", "png.png", "PNG", ""):
        yield f"/assets/{name}.{extension}?" + "&".join(good)
    for edge in (*EDGES, 1, 0, 99_999):
        yield f"/assets/{name}/{edge}.webp?" + "&".join(good)


# Keys --------------------------------------------------------------------------------------------

DOORS: Mapping[str, str] = {
    "openai": "/v1/images/edits",
    "responses": "/v1/responses",
    "evolink": "/evolink/v1/images/generations",
    "apiframe": "/v2/images/generate",
}
"""One of each dialect, where nobody else answers."""


def _near_misses(key: str) -> Iterator[str]:
    yield from (
        key[:at] + ("A" if key[at] != "A" else "B") + key[at + 1 :] for at in range(len(key))
    )
    yield from (
        key[:-1],
        key[1:],
        key + "A",
        f"A{key}",
        key.upper(),
        key.title(),
        key[::-1],
        key * 2,
    )
    yield from ("A", "dk_", "dk_" + "A" * 43, "null", "undefined", "test", "' OR 1=1--", "%00", "*")
    yield from ("A" * 40_000, "\xe9" * 43, f'"{key}"', f"{key},{key}", f"{key}\t{key}", f"{key};")
    yield from (f"{key}%20", key.replace("-", "%2D"), key.replace("-", "_"))


def _headers(key: str) -> Iterator[Mapping[str, str]]:
    """Ways to send the right key that are none, and two keys at once."""
    yield from (
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
    )
    yield from (
        {"Authorization": f"{scheme}{key}"} for scheme in ("", "Basic ", "Token ", "Bearer:")
    )
    yield {"Authorization": f"Bearer,{key}"}
    for other in ("x-api-key", "api-key", "x-goog-api-key"):
        yield {"Authorization": f"Bearer {key}", other: "another"}
        yield {"Authorization": "Bearer another", other: key}
    yield {"x-api-key": key, "api-key": "another"}
    own = {"Origin": f"http://{HOST}", "x-darkroom-session": "1"}
    yield from (own | {"Cookie": f"{name}={key}"} for name in ("key", "darkroom_session"))
    yield from ({name: key} for name in ("Proxy-Authorization", "X-Auth-Token", "key", "X-Key"))


def keys(at: Place, step: int = 1) -> Tally:
    """Every guess is refused in the words of the dialect that was spoken to."""
    tally, key = Tally(), at.gateway.key
    shapes = {dialect.name: set[tuple[str, ...]]() for dialect in build_dialects()}
    attempts: list[Mapping[str, str]] = [
        {"Authorization": f"Bearer {guess}"} for guess in _near_misses(key)
    ]
    attempts += [{"x-api-key": guess} for guess in _near_misses(key)]
    attempts += _headers(key)
    for number, headers in enumerate(attempts):
        for dialect, path in list(DOORS.items())[number % step :: step]:
            status, answer = at.ask("POST", path, headers, b"{}")
            head, _, body = answer.partition(b"\r\n\r\n")
            right = status == 401 and b"application/json" in head.lower()
            tally.note(f"{dialect} {headers}", right and key.encode() not in body, answer)
            if right:
                shapes[dialect].add(tuple(json.loads(body)))
    for path in DOORS.values():
        for query in (f"?key={key}", f"?api_key={key}", f"?access_token={key}"):
            status, answer = at.ask("POST", path + query, {}, b"{}")
            tally.note(f"{path}?key", status == 401, answer)
        status, answer = at.ask("POST", path, {"authorization": f"bEARER {key}"}, b"{}")
        tally.note(f"the right key at {path}", 400 <= status < 500 and status != 401, answer)
    tally.note(
        "one form of refusal for each", all(len(each) == 1 for each in shapes.values()), shapes
    )
    return tally
