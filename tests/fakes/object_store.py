"""An object store that speaks as much of S3 as obstore asks of it, and keeps count.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

import hashlib
import itertools
import re
import threading
import time
from collections import Counter
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from obstore.store import S3Store

_KEY = re.compile(r"<Key>(.*?)</Key>")


class ObjectStore:
    """``environment`` leads a server here; ``objects`` holds what was put, by bucket and key."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, float]] = {}
        """The bytes, and when they were stored."""
        self.requests: Counter[str] = Counter()
        """By method."""
        self.received_bytes = 0
        self.sent_bytes = 0
        self.uploads: dict[str, dict[int, bytes]] = {}
        """The parts of uploads that are under way."""
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        store = self

        class Handler(_Handler):
            held = store

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="object-store", daemon=True
        )

    def opened(self) -> S3Store:
        """By obstore, as a server opens it."""
        return S3Store(
            "darkroom",
            prefix="images",
            endpoint=self._url,
            region="us-east-1",
            access_key_id="an-id",
            secret_access_key="a-secret",
            client_options={"allow_http": True},
        )

    @property
    def environment(self) -> dict[str, str]:
        """For a server that keeps its images here."""
        return {
            "DARKROOM_STORAGE_URL": "s3://darkroom/images",
            "AWS_ENDPOINT": self._url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "an-id",
            "AWS_SECRET_ACCESS_KEY": "a-secret",
        }

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def reset(self) -> None:
        """Begin to count anew."""
        self.requests.clear()
        self.received_bytes = self.sent_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A server that was killed while it was answered."""


class _Handler(BaseHTTPRequestHandler):
    held: ObjectStore
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def do_PUT(self) -> None:
        body = self._read()
        if "uploadId" in self._query:
            part = int(self._query["partNumber"][0])
            self.held.uploads[self._query["uploadId"][0]][part] = body
        else:
            self.held.objects[self._name] = (body, time.time())
        self._answer(200, {"ETag": _etag(body)})

    def do_GET(self) -> None:
        if "list-type" in self._query:
            self._list()
            return
        self._send_object(with_body=True)

    def do_HEAD(self) -> None:
        self._send_object(with_body=False)

    def do_DELETE(self) -> None:
        self._read()
        self.held.objects.pop(self._name, None)
        self._answer(204)

    def do_POST(self) -> None:
        body = self._read()
        if "uploads" in self._query:
            upload = f"upload-{next(self.held.numbers)}"
            self.held.uploads[upload] = {}
            self._xml("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")
        elif "uploadId" in self._query:
            parts = self.held.uploads.pop(self._query["uploadId"][0])
            whole = b"".join(parts[number] for number in sorted(parts))
            self.held.objects[self._name] = (whole, time.time())
            self._xml("CompleteMultipartUploadResult", f"<ETag>{_etag(whole)}</ETag>")
        else:  # several are deleted at once
            keys = _KEY.findall(body.decode())
            for key in keys:
                self.held.objects.pop(f"{self._name}/{key}", None)
            gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._xml("DeleteResult", gone)

    def log_message(self, format: str, *args: object) -> None:
        """What was asked is counted."""

    @property
    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    @property
    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).strip("/")

    def _read(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.held.lock:
            self.held.received_bytes += len(body)
        return body

    def _send_object(self, *, with_body: bool) -> None:
        found = self.held.objects.get(self._name)
        if found is None:
            self._xml("Error", "<Code>NoSuchKey</Code>", 404)
            return
        data, stored_at = found
        head = {"ETag": _etag(data), "Last-Modified": formatdate(stored_at, usegmt=True)}
        asked = self.headers.get("range")
        if asked is None:
            self._answer(200, head, data, with_body=with_body)
            return
        start, _, end = asked.removeprefix("bytes=").partition("-")
        piece = data[int(start) : int(end or len(data)) + 1]
        head["Content-Range"] = f"bytes {start}-{int(start) + len(piece) - 1}/{len(data)}"
        self._answer(206, head, piece, with_body=with_body)

    def _list(self) -> None:
        prefix = f"{self._name}/{self._query.get('prefix', [''])[0]}"
        found = "".join(
            f"<Contents><Key>{escape(name.partition('/')[2])}</Key><Size>{len(data)}</Size>"
            f"<LastModified>{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(at))}"
            f"</LastModified><ETag>{_etag(data)}</ETag></Contents>"
            for name, (data, at) in sorted(self.held.objects.items())
            if name.startswith(prefix)
        )
        self._xml("ListBucketResult", f"<IsTruncated>false</IsTruncated>{found}")

    def _xml(self, name: str, inner: str, status: int = 200) -> None:
        self._answer(
            status, {"Content-Type": "application/xml"}, f"<{name}>{inner}</{name}>".encode()
        )

    def _answer(
        self,
        status: int,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        with_body: bool = True,
    ) -> None:
        with self.held.lock:
            self.held.requests[self.command] += 1
            self.held.sent_bytes += len(body) if with_body else 0
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and self.command != "HEAD":
            self.wfile.write(body)


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
