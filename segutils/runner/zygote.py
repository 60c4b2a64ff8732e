"""The fork server: one process that has imported the heavy libraries and forks a fresh, warm kernel on
request.

It talks JSON lines with the runner over an inherited socket: ``{"connection_file": …, "log": …}`` asks for a
kernel and
``{"connection_file": …, "pid": …}`` answers; ``{"pid": …, "exit": …}`` reports an end. When the runner ends,
however it ends, the socket closes and every kernel ends with it. Nothing is computed here before a fork:
libraries are imported, not used, so no thread pool of theirs has started.
"""

import contextlib
import gc
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
import traceback
from typing import Any

from segutils.runner import warm


def serve(channel: socket.socket) -> None:
    """Fork kernels as asked until the runner is gone; then end them all."""
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    running: set[int] = set()
    pending = b""
    try:
        while True:
            readable, _, _ = select.select([channel, woken], [], [])
            if woken in readable:
                woken.recv(4096)
                _report_ends(channel, running)
            if channel not in readable:
                continue
            received = channel.recv(65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                request = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    _become_kernel(request, (channel, woken, wake))
                running.add(pid)
                _send(channel, {"connection_file": request["connection_file"], "pid": pid})
    except (ConnectionError, BrokenPipeError):
        return  # the runner is gone
    finally:
        for pid in running:
            _end_group(pid)


def _report_ends(channel: socket.socket, running: set[int]) -> None:
    for pid in sorted(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            running.discard(pid)
            _end_group(pid)  # what the notebook itself may have started
            _send(channel, {"pid": pid, "exit": os.waitstatus_to_exitcode(status)})


def _send(channel: socket.socket, message: dict[str, Any]) -> None:
    channel.sendall(json.dumps(message).encode() + b"\n")


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _become_kernel(request: dict[str, Any], sockets: tuple[socket.socket, ...]) -> None:
    """The forked child: cut every tie to the server, take fresh random numbers, be a kernel, never return."""
    status = 1
    try:
        os.setsid()
        warm.die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for each in sockets:
            each.close()
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        random.seed()
        sys.modules["numpy"].random.seed()  # from the system's entropy: forks must not share random numbers
        warm.run_kernel(request["connection_file"])
        status = 0
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc(file=sys.__stderr__)
        os._exit(status)


def main(config: dict[str, Any]) -> None:
    """Warm up, then serve."""
    channel = socket.socket(fileno=config["channel"])
    channel.set_inheritable(False)
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # read by ipykernel when it is imported
    warm.preload(config["modules"])
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, pages that forks share
    serve(channel)
    shutil.rmtree(config["home"], ignore_errors=True)  # a runner that was killed could not do it


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
