"""What the figures were measured on, for the head of the report."""

import os
import platform
from importlib import metadata
from pathlib import Path


def facts() -> dict[str, str]:
    """Processor, cores, kernel settings and versions that move the figures."""
    return {
        "cpu": _field(Path("/proc/cpuinfo"), "model name"),
        "cores": str(os.cpu_count()),
        "memory": _field(Path("/proc/meminfo"), "MemTotal"),
        "huge pages": _text(Path("/sys/kernel/mm/transparent_hugepage/enabled")),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{name: _version(name) for name in ("uvicorn", "uvloop", "aiohttp", "pybase64")},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"


def _field(path: Path, name: str) -> str:
    for line in _text(path).splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "-"


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return "-"
