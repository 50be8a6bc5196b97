"""What a worker gives up before it reads foreign bytes: memory, time, the network, other processes.

Best effort by platform: limits everywhere but on Windows, of address space and of system calls on
Linux alone. The parent's own clock ends a worker on any of them.
"""

import ctypes
import math
import platform
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

_FILE_BYTES_MAX = 128_000_000
_OPEN_FILES_MAX = 32
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2

# Refused system calls as (x86_64, aarch64); None where the machine has none such.
# https://github.com/torvalds/linux/blob/v6.12/arch/x86/entry/syscalls/syscall_64.tbl
# https://github.com/torvalds/linux/blob/v6.12/include/uapi/asm-generic/unistd.h
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "io_uring_setup": (425, 425),  # would reach the network past this filter
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kill": (62, 129),
    "tkill": (200, 130),
    "pidfd_send_signal": (424, 424),
}
# machine: (its column above, AUDIT_ARCH_*, the first number of a second table of calls)
_MACHINES = {"x86_64": (0, 0xC000003E, 0x40000000), "aarch64": (1, 0xC00000B7, None)}

# https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refuse: EPERM


def give_up_all_but_memory_and_time() -> None:
    """Once, at the start of a worker. What a platform has no way to do is left out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES_MAX, _FILE_BYTES_MAX))
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES_MAX)
    if sys.platform == "linux":
        _filter_calls()


def bound_time(cpu_s: float) -> None:
    """The kernel ends this process after ``cpu_s`` more of CPU time, even within a decoder."""
    if sys.platform == "win32":
        return
    import resource

    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    # The timer could be unset by whoever took us over; this one, in whole seconds, only lowered.
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime + cpu_s) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def unbound_time() -> None:
    """The work is done; waiting costs nothing."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, 0)


def bound_memory(more_bytes: int, ready_bytes: int) -> None:
    """At most ``more_bytes`` of address space beyond ``ready_bytes``; see :func:`memory_bytes`."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (ready_bytes + more_bytes, hard))


def memory_bytes() -> int:
    """The address space of this process; 0 where it is not told."""
    if sys.platform != "linux":
        return 0
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _lower(kind: int, limit: int) -> None:
    import resource

    resource.setrlimit(kind, (limit, limit))


def _filter_calls() -> bool:
    """Whether the kernel took the filter: not in some containers, nor on other machines."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    program = b"".join(_program(*machine))
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a count, and behind padding a pointer
    wrapped = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    filtered = ctypes.create_string_buffer(wrapped, len(wrapped))
    return libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, filtered, 0, 0) == 0


def _program(column: int, architecture: int, second_table: int | None) -> Iterator[bytes]:
    """Classic BPF over ``struct seccomp_data``: the call's number first, then the architecture."""
    yield _step(_LOAD, 4)
    yield _step(_IF_EQUAL, architecture, 1, 0)
    yield _step(_RETURN, _KILL)
    yield _step(_LOAD, 0)
    if second_table is not None:
        yield _step(_IF_AT_LEAST, second_table, 0, 1)
        yield _step(_RETURN, _KILL)
    for numbers in _REFUSED.values():
        number = numbers[column]
        if number is not None:
            yield _step(_IF_EQUAL, number, 0, 1)
            yield _step(_RETURN, _REFUSE)
    yield _step(_RETURN, _ALLOW)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
