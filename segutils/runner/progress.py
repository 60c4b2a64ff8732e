"""One line when a step starts and one when it ends; plain text, so that it reads in a log as on a screen."""

from collections.abc import Callable, Iterable

Say = Callable[[str], None]
INPUTS, PACKS = "inputs", "packs"


class Progress:
    """Tells how steps go, their names in one column.

    Parameters
    ----------
    say : callable
        Takes one line.
    names : iterable of str
        The notebooks' names.
    """

    def __init__(self, say: Say, names: Iterable[str]) -> None:
        self._say = say
        self._width = max(len(name) for name in (*names, INPUTS, PACKS))

    def tell(self, name: str, what: str) -> None:
        """``3_2_segments  started``"""
        self._say(f"{name:<{self._width}}  {what}")

    def end(self, name: str, how: str, seconds: float, counted: str) -> None:
        """``3_2_segments  done      4.1 s  (13 of 13 cells)``"""
        self.tell(name, f"{how:<6}  {seconds:5.1f} s  ({counted})")
