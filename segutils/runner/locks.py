"""One process at a time works on a run: a lock of the operating system, which ends with its process."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


@contextmanager
def locked(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a run's folder; wait, with one message, while another process holds it.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it does not exist.
    say : callable
        Takes the message.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+b") as stream:
        if not _take(stream.fileno(), wait=False):
            say(f"another process is at work on {folder.name}: waiting for it to end")
            _take(stream.fileno(), wait=True)
        yield


def _take(handle: int, *, wait: bool) -> bool:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        else:
            import msvcrt

            os.lseek(handle, 0, os.SEEK_SET)
            while True:  # LK_LOCK gives up after ten seconds
                try:
                    msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    if not wait:
                        raise
    except OSError:
        return False
    return True
