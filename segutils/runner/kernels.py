"""Kernels that are ready before their notebook is: a pool of warm processes, none outlives the run."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from segutils.runner.fork_server import ForkServer

MAX_SOCKET_PATH = 90  # a Unix socket's path may have 104 characters (macOS) or 108 (Linux)
SINGLE_THREADED = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
MODE = "SEGUTILS_KERNELS"


class PoolClosed(Exception):
    """The pool has ended while a notebook waited for a kernel."""


class Process(Protocol):
    """What a pool needs of a kernel's process; :class:`subprocess.Popen` has it too."""

    pid: int

    def poll(self) -> int | None: ...


class Kernel:
    """One warm kernel: how to reach it, and its process."""

    def __init__(self, connection_file: Path, log: Path, process: Process) -> None:
        self.connection_file = connection_file
        self.log = log
        self.process = process

    def poll(self) -> int | None:
        """None while the process lives, else its exit code."""
        return self.process.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and everything it started; nothing happens if it has ended."""
        if self.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.process.pid, number)
            else:
                os.kill(self.process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it now."""
        self.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    def last_words(self) -> str:
        """The last line that the process itself wrote to its error output, such as a crash's reason."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


class KernelPool:
    """Keeps the next kernels booted and warm while notebooks run in others.

    On Linux one server process imports the libraries once and forks each kernel in a
    moment; elsewhere, or with ``SEGUTILS_KERNELS=start``, kernels are ordinary processes started ahead.

    Parameters
    ----------
    modules : sequence of str
        Modules to have imported; no name of them is bound in a notebook.
    environment : mapping of str to str
        Variables that kernels have besides the runner's own.
    folder : pathlib.Path
        The kernels' working directory.
    ahead : int
        Kernels kept ready.
    total : int
        Kernels that will be taken at most.
    """

    def __init__(
        self, *, modules: Sequence[str], environment: Mapping[str, str], folder: Path, ahead: int, total: int
    ) -> None:
        self._modules = list(modules)
        self._extra = dict(environment)
        self._folder = folder
        self._ahead = min(ahead, total)
        self._left = total
        self._started = 0
        self._waiting: list[tuple[Path, Path, Process | None]] = []
        self._taken: list[Kernel] = []
        self._lock = threading.Lock()
        self._closed = False
        self._server: ForkServer | None = None
        self._home: Path | None = None

    def __enter__(self) -> "KernelPool":
        complete = False
        try:
            self._home = Path(tempfile.mkdtemp(prefix="segutils-"))
            self._environment = _kernel_environment(self._extra, self._home)
            if forks():
                self._server = ForkServer(self._modules, self._environment, self._folder, self._home)
            for _ in range(self._ahead):
                self._start_next()
            complete = True
        finally:
            if not complete:  # Ctrl-C: who has not entered does not exit either
                self.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take(self) -> Kernel:
        """A kernel of its own for one notebook; the next one starts to warm up.

        Raises
        ------
        PoolClosed
            The pool was closed meanwhile.
        """
        with self._lock:
            if not self._waiting:
                self._left += not self._left
                self._start_next()
            connection_file, log, process = self._waiting.pop(0)
            self._start_next()
        forked = self._server.wait_for(connection_file) if self._server else None
        with self._lock:
            if self._closed:
                raise PoolClosed
            process = process or forked or self._start_process(connection_file, log)
            kernel = Kernel(connection_file, log, process)
            self._taken.append(kernel)
        return kernel

    def close(self) -> None:
        """End every kernel and the server; remove sockets and logs."""
        with undisturbed():
            self._close()

    def _close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            started = [Kernel(path, log, process) for path, log, process in self._waiting if process]
            kernels = [*self._taken, *started]
        for kernel in kernels:
            kernel.kill()
        for kernel in kernels:
            if isinstance(kernel.process, subprocess.Popen):
                kernel.process.wait()
        if self._server:
            self._server.close()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)

    def _start_next(self) -> None:
        if self._left <= 0 or self._closed:
            return
        self._left -= 1
        self._started += 1
        connection_file = _write_connection(self._home, self._started)
        log = self._home / f"k{self._started}.log"
        if self._server:
            self._server.request(connection_file, log)
            self._waiting.append((connection_file, log, None))
        else:
            self._waiting.append((connection_file, log, self._start_process(connection_file, log)))

    def _start_process(self, connection_file: Path, log: Path) -> Process:
        """An ordinary kernel process that warms itself up."""
        from jupyter_client.launcher import launch_kernel

        config = json.dumps({"connection_file": str(connection_file), "modules": self._modules})
        command = [sys.executable, "-m", "segutils.runner.warm", config]
        with log.open("wb") as stream:
            return launch_kernel(
                command, stdout=stream, stderr=stream, env=dict(self._environment), cwd=str(self._folder)
            )


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Finish cleaning up although Ctrl-C is pressed again."""
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def forks() -> bool:
    """Are kernels forked? On Linux, unless told otherwise: macOS' own libraries do not bear a fork."""
    return os.environ.get(MODE, "fork" if sys.platform == "linux" else "start") == "fork"


def _kernel_environment(extra: Mapping[str, str], home: Path) -> dict[str, str]:
    """The runner's variables, with what makes kernels quiet, alike and one thread each.

    Notebooks side by side are the parallelism: library threads inside each would fight for the same cores (a
    matrix product took 20 times as long), and sums would depend on the number of cores.
    """
    defaults = {name: os.environ.get(name, "1") for name in SINGLE_THREADED}
    return {
        **os.environ,
        **defaults,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(home / "ipython"),  # a user's start-up files must not change a client's figures
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **extra,
    }


def _write_connection(home: Path, number: int) -> Path:
    """A connection file: Unix sockets in a private folder, or TCP with encryption where there are none."""
    from jupyter_client.connect import write_connection_file

    path = home / f"k{number}.json"
    key = os.urandom(32).hex().encode()
    address = home / f"k{number}"
    if os.name == "posix" and len(str(address)) < MAX_SOCKET_PATH:
        write_connection_file(str(path), transport="ipc", ip=str(address), key=key, kernel_name="python3")
        return path
    import zmq

    keys: dict[str, Any] = {}
    if zmq.has("curve"):
        public, secret = zmq.curve_keypair()
        keys = {"curve_publickey": public, "curve_secretkey": secret}
    write_connection_file(str(path), ip="127.0.0.1", key=key, kernel_name="python3", **keys)
    return path
