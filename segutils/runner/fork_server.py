"""The runner's end of the fork server: it asks for kernels and is told of their ends."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path


class ForkedProcess:
    """A kernel process that the fork server started; its end is reported by the server."""

    def __init__(self, server: "ForkServer", pid: int) -> None:
        self.server = server
        self.pid = pid

    def poll(self) -> int | None:
        return self.server.exit_code(self.pid)


class ForkServer:
    """The runner's end of :mod:`segutils.runner.zygote`."""

    def __init__(
        self, modules: Sequence[str], environment: Mapping[str, str], folder: Path, home: Path
    ) -> None:
        self._channel, theirs = socket.socketpair()
        config = json.dumps({"channel": theirs.fileno(), "modules": list(modules), "home": str(home)})
        with (home / "server.log").open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "segutils.runner.zygote", config],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=dict(environment),
                cwd=folder,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # so that Ctrl-C reaches the runner alone
            )
        theirs.close()
        self._changed = threading.Condition()
        self._pids: dict[str, int] = {}
        self._exits: dict[int, int] = {}
        self._gone = False
        threading.Thread(target=self._listen, daemon=True, name="fork-server").start()

    def request(self, connection_file: Path, log: Path) -> None:
        """Ask for a kernel."""
        message = {"connection_file": str(connection_file), "log": str(log)}
        try:
            self._channel.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self._mark_gone()

    def wait_for(self, connection_file: Path) -> ForkedProcess | None:
        """The process of a requested kernel, as soon as it exists; None when the server has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or str(connection_file) in self._pids)
            pid = self._pids.get(str(connection_file))
        return ForkedProcess(self, pid) if pid else None

    def exit_code(self, pid: int) -> int | None:
        with self._changed:
            return self._exits.get(pid, -signal.SIGKILL if self._gone else None)

    def close(self) -> None:
        """End the server and with it every kernel."""
        with self._changed:
            pids = [pid for pid in self._pids.values() if pid not in self._exits]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        pending = b""
        while True:
            try:
                received = self._channel.recv(65536)
            except OSError:
                received = b""
            if not received:
                return self._mark_gone()
            *lines, pending = (pending + received).split(b"\n")
            with self._changed:
                for line in lines:
                    message = json.loads(line)
                    if "exit" in message:
                        self._exits[message["pid"]] = message["exit"]
                    else:
                        self._pids[message["connection_file"]] = message["pid"]
                self._changed.notify_all()

    def _mark_gone(self) -> None:
        with self._changed:
            self._gone = True
            self._changed.notify_all()
