"""A web app that asks for pictures, and is told by signed webhooks when they are there."""

import argparse
import socket
import sys
from pathlib import Path

import uvicorn
from studio import studio

from darkroom_client import APIError, Client


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("out"))
    parser.add_argument("--port", type=int, default=8080)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with Client() as client:
        secret = client.webhooks.secret().secret  # the account's, which signs callbacks
    door = socket.create_server(("127.0.0.1", asked.port))
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    print(f"Open {url}", flush=True)
    app = studio(url, secret, asked.out)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[door])


if __name__ == "__main__":
    try:
        main()
    except APIError as error:
        sys.exit(f"The studio did not open: {error}")
