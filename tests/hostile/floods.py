"""Bodies that are small to send and large to take in: each is refused, soon, in little memory."""

import gzip
import time
from collections.abc import Callable, Mapping

from tests.hostile.place import Place, Tally
from tests.hostile.taking_in import peak, resident
from tests.server.client import form_body, part

MORE_BYTES_MAX = 128 << 20
_FORM = "multipart/form-data; boundary=b"
_JSON = "application/json"
_SIZE = 12_000_000


def _parts(count: int) -> bytes:
    return form_body("b", *[part(f"n{number}", "x") for number in range(count)])


def _file_headed_by(*lines: bytes) -> bytes:
    head = b"\r\n".join((b'Content-Disposition: form-data; name="image"; filename="a"', *lines))
    return form_body("b", head + b"\r\n\r\nx")


def _prompt(value: bytes) -> bytes:
    return b'{"model": "gpt-image-1.5", "prompt": ' + value + b"}"


def _often(text: bytes) -> bytes:
    """A list of very many."""
    return b"[" + text * (_SIZE // len(text)) + b"0]"


FORMS: Mapping[str, Callable[[], bytes]] = {
    "100,000 parts": lambda: _parts(100_000),
    "65 parts": lambda: _parts(65),
    "10,000 headers in a part": lambda: _file_headed_by(*[b"X-%d: y" % n for n in range(10_000)]),
    "a header of 10 MB in a part": lambda: _file_headed_by(b"X: " + b"y" * 10_000_000),
    "a name of 10 MB": lambda: form_body("b", part("n" * 10_000_000, "x")),
    "a text of 10 MB": lambda: form_body("b", part("prompt", "x" * 10_000_000)),
    "10 MB before the first part": lambda: b"x" * 10_000_000 + form_body("b", part("a", "b")),
    "line ends alone": lambda: b"\r\n" * 5_000_000,
    "boundaries alone": lambda: b"--b\r\n" * 1_000_000,
    "cut off in a header": lambda: b"--b\r\nContent-Disposition: form-da",
    "a field twice": lambda: form_body("b", part("prompt", "x"), part("prompt", "y")),
    "half a character": lambda: form_body("b", part("prompt", b"\xf0\x9f")),
    "a packed form": lambda: gzip.compress(_parts(10)),
}
TEXTS: Mapping[str, Callable[[], bytes]] = {
    "100,000 levels of lists": lambda: _prompt(b"[" * 100_000 + b"]" * 100_000),
    "100,000 levels of objects": lambda: _prompt(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "12 MB of open brackets": lambda: b"[" * _SIZE,
    "1,000,000 keys": lambda: b"{%s}" % b",".join(b'"%d":0' % n for n in range(1_000_000)),
    "1,000,000 times one key": lambda: b"{" + b'"prompt":"x",' * 1_000_000 + b'"n":1}',
    "empty lists": lambda: _prompt(_often(b"[],")),
    "empty objects": lambda: _prompt(_often(b"{},")),
    "small numbers": lambda: _prompt(_often(b"1.5,")),
    "a number of 1,000,000 digits": lambda: _prompt(b"1" * 1_000_000),
    "an exponent of 1,000,000 digits": lambda: _prompt(b"1e" + b"9" * 1_000_000),
    "a number beyond floats": lambda: _prompt(b"1e400"),
    "not a number": lambda: _prompt(b"NaN"),
    "a text of 10 MB": lambda: _prompt(b'"' + b"x" * 10_000_000 + b'"'),
    "invalid UTF-8": lambda: _prompt(b'"\xff\xfe"'),
    "overlong UTF-8": lambda: _prompt(b'"\xc0\xaf"'),
    "a surrogate as UTF-8": lambda: _prompt(b'"\xed\xa0\x80"'),
    "half a surrogate pair": lambda: _prompt(b'"\\ud800"'),
    "surrogates in the wrong order": lambda: _prompt(b'"\\udc00\\ud800"'),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + _prompt(b'"x"'),
    "UTF-16": lambda: _prompt(b'"x"').decode().encode("utf-16"),
    "10 MB of white space": lambda: b" " * 10_000_000,
    "a packed body": lambda: gzip.compress(_prompt(b'"x"')),
    "a packed bomb": lambda: gzip.compress(b" " * 30_000_000),
}
_PACKED = {"a packed form", "a packed body", "a packed bomb"}


_DOORS = (
    ("/v1/images/edits", _FORM, FORMS),
    ("/v2/uploads", _FORM, FORMS),
    ("/v1/images/generations", _JSON, TEXTS),
    ("/v1/responses", _JSON, TEXTS),
)


def floods(at: Place, step: int = 1) -> tuple[Tally, int, float]:
    """With the most memory that one took beyond what was there, and the longest time."""
    tally, most, longest = Tally(), 0, 0.0
    for path, kind, made in _DOORS[::step]:
        for name, make in made.items():
            body = make()
            headers = {"Content-Type": kind, "X-Darkroom-Dialect": "openai", **at.key}
            if name in _PACKED:
                headers["Content-Encoding"] = "gzip"
            before, began = resident(), time.perf_counter()
            status, answer = at.ask("POST", path, headers, body)
            longest = max(longest, time.perf_counter() - began)
            most = max(most, more := peak() - before)
            right = 400 <= status < 500 and more < MORE_BYTES_MAX
            tally.note(f"{path}: {name}", right, f"{more >> 20} MiB, {answer}")
    tally.note("nothing was bought", at.vendor.received == [], at.vendor.received)
    tally.note("nothing was charged", at.spent_nanos() == 0, at.spent_nanos())
    left = [path for path in (at.gateway.settings.data_dir / "spool").rglob("*") if path.is_file()]
    tally.note("nothing is left", not left, left)
    return tally, most, longest
