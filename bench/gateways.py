"""The rows of the tables: how each gateway is started and how it is asked."""

import importlib.util
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.payloads import MODEL

ROOT = Path(__file__).resolve().parent.parent
ALL = frozenset(
    {"hot", "url", "small", "sse", "edit", "photos", "begin", "mem", "together", "start"}
)
JOBS = frozenset({"poll", "get", "hooks", "load"})
"""What only a gateway that keeps jobs can do."""
DARKROOM = "{python} -m darkroom serve --port {port} --data-dir {data} --config {config}"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a gateway runs: its port, the upstream's, its private directory, a fresh key."""

    port: int
    upstream_port: int
    directory: Path
    key: str = field(default_factory=lambda: "sk-" + secrets.token_hex(24))

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.upstream_port}/v1"


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line and additions to the environment."""

    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller chose about the gateways."""

    darkroom: str = DARKROOM
    litellm_python: str = sys.executable


@dataclass(frozen=True, slots=True)
class Gateway:
    """One contender. ``missing`` says why it cannot run here (empty: it can)."""

    name: str
    launch: Callable[[Site, Options], Launch]
    missing: Callable[[Options], str] = lambda _: ""
    cases: frozenset[str] = ALL


def _floor(site: Site, _: Options) -> Launch:
    command = [sys.executable, "-m", "bench.floor", "--port", str(site.port)]
    command += ["--upstream", site.upstream, "--store", str(site.directory)]
    return Launch(command, {"PYTHONPATH": str(ROOT)})


def _darkroom(site: Site, options: Options) -> Launch:
    config = site.directory / "darkroom.toml"
    config.write_text(
        "[[deployments]]\n"
        'id = "mock"\nprovider = "openai"\n'
        f'base_url = "{site.upstream}"\napi_key = "bench"\n'
    )
    data = site.directory / "data"
    data.mkdir(exist_ok=True)
    values = {"python": sys.executable, "port": site.port, "data": data, "config": config}
    command = shlex.split(options.darkroom.format_map({k: str(v) for k, v in values.items()}))
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    env = {
        "DARKROOM_INIT_KEY": site.key,
        "DARKROOM_LOG_FORMAT": "json",  # as the files in deploy/ start it
        "DARKROOM_WEBHOOK_ALLOW_LOCAL": "true",  # where the sink of the case ``hooks`` is
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
    return Launch(command, env)


def _nginx(site: Site, _: Options) -> Launch:
    config = site.directory / "nginx.conf"
    config.write_text(
        f"""daemon off; worker_processes 1; pid {site.directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 64m; client_body_temp_path {site.directory}/body;
  proxy_temp_path {site.directory}/proxy; fastcgi_temp_path {site.directory}/fastcgi;
  uwsgi_temp_path {site.directory}/uwsgi; scgi_temp_path {site.directory}/scgi;
  upstream mock {{ server 127.0.0.1:{site.upstream_port}; keepalive 512; }}
  server {{
    listen 127.0.0.1:{site.port} backlog=2048;
    location / {{
      proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off;
      proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 128k;
    }}
  }}
}}
"""
    )
    return Launch(["nginx", "-p", str(site.directory), "-c", str(config)])


def _litellm(site: Site, options: Options) -> Launch:
    config = site.directory / "litellm.yaml"
    config.write_text(
        f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n"
        f"      model: openai/{MODEL}\n      api_base: {site.upstream}\n      api_key: bench\n"
        f"    model_info:\n      mode: image_generation\n"
        f"general_settings:\n  master_key: {site.key}\n"
        "litellm_settings:\n  telemetry: false\n"
    )
    start = "import sys; from litellm import run_server; sys.exit(run_server())"
    command = [options.litellm_python, "-c", start, "--config", str(config)]
    command += ["--host", "127.0.0.1", "--port", str(site.port)]
    return Launch(command, {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_DOCS": "True"})


def _no_nginx(_: Options) -> str:
    return "" if shutil.which("nginx") else "nginx is not installed"


def _no_litellm(options: Options) -> str:
    if options.litellm_python != sys.executable:
        return "" if Path(options.litellm_python).exists() else "that Python does not exist"
    found = importlib.util.find_spec("litellm")
    return "" if found else "litellm is not importable (see --litellm-python)"


def _all_but(*names: str) -> frozenset[str]:
    return ALL - set(names)


GATEWAYS: Mapping[str, Gateway] = {
    each.name: each
    for each in (
        Gateway("floor", _floor),
        Gateway("darkroom", _darkroom, cases=ALL | JOBS),
        Gateway("nginx", _nginx, _no_nginx, _all_but("url")),
        # It answers a streamed image request with status 500, and has no URL answers of its own.
        Gateway("litellm", _litellm, _no_litellm, _all_but("url", "sse")),
    )
}
