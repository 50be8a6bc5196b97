# syntax=docker/dockerfile:1
# The server in a container: `docker build -t darkroom .`, `docker run -p 8000:8000 -v darkroom:/data darkroom`.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN pip install 'uv>=0.13,<0.14'
WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY packages packages
COPY src src
# The versions and hashes of the lock; of its packages only those that the server needs.
RUN uv venv /opt/darkroom \
 && uv pip install --python /opt/darkroom --verify-hashes --constraints requirements.lock '.[postgres,otel]'

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /data darkroom \
 && install -d -o darkroom -g darkroom -m 0750 /data
COPY --from=build /opt/darkroom /opt/darkroom
ENV PATH=/opt/darkroom/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DARKROOM_HOST=0.0.0.0 \
    DARKROOM_PORT=8000 \
    DARKROOM_DATA_DIR=/data \
    DARKROOM_LOG_FORMAT=json
USER darkroom
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Running jobs get `drain_s` (30 s) to finish; give the container at least as long: --stop-timeout 40.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"DARKROOM_PORT\"]}/healthz', timeout=2)"]
ENTRYPOINT ["darkroom"]
CMD ["serve"]
