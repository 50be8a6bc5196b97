"""CPU time and memory of a process and its children, read from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Stat:
    """From ``/proc/<pid>/stat``: the parent, own CPU seconds, those of children it waited for."""

    parent: int
    own_s: float
    waited_s: float


def parse_stat(text: str) -> Stat:
    """The name may hold spaces and parentheses, so fields are counted from the last one."""
    fields = text.rpartition(")")[2].split()
    user, system, waited_user, waited_system = (int(field) for field in fields[11:15])
    return Stat(int(fields[1]), (user + system) / TICK, (waited_user + waited_system) / TICK)


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident MB now and at its highest since the last reset."""

    rss_mb: float
    peak_mb: float

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.rss_mb + other.rss_mb, self.peak_mb + other.peak_mb)


def parse_memory(text: str) -> Memory:
    """From ``/proc/<pid>/status``."""
    found = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    rss, peak = (int(found.get(name, "0 kB").split()[0]) for name in ("VmRSS", "VmHWM"))
    return Memory(rss / 1024, peak / 1024)


def tree(root: int) -> dict[int, Stat]:
    """The process and its descendants that are alive."""
    everyone: dict[int, Stat] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (text := _read(entry / "stat")):
            everyone[int(entry.name)] = parse_stat(text)
    found: dict[int, Stat] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        if pid in everyone and pid not in found:
            found[pid] = everyone[pid]
            waiting += [child for child, stat in everyone.items() if stat.parent == pid]
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of the tree so far, children that ended included."""
    return sum(stat.own_s + stat.waited_s for stat in tree(root).values())


def memory(root: int) -> Memory:
    """Memory of the tree; shared pages count once per process."""
    total = Memory(0, 0)
    for pid in tree(root):
        total += parse_memory(_read(PROC / str(pid) / "status"))
    return total


def reset_peak(root: int) -> None:
    """Let the peak start again from now. See proc(5), clear_refs."""
    for pid in tree(root):
        (PROC / str(pid) / "clear_refs").write_text("5")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""
