"""What a person is told when their input cannot be used."""

from collections.abc import Callable
from functools import partial


class InputError(Exception):
    """Input that the playbook refuses: what is wrong, where, and how to fix it.

    The command line prints it as one short message and exits with code 2; it never comes with a traceback.

    Parameters
    ----------
    what : str
        What is wrong, in the reader's words: ``"column 'spend' does not exist"``.
    where : str
        File and line, key, table or notebook: ``"engagement.yml, line 14 (tables.transactions.columns)"``.
    fix : str
        What to change: ``"the file has: amount, date, household; use one of these"``.
    """

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(what, where, fix)
        self.what = what
        self.where = where
        self.fix = fix

    def __reduce__(self) -> tuple[Callable[..., "InputError"], tuple[str]]:
        return partial(InputError, where=self.where, fix=self.fix), (self.what,)  # to another process

    def __str__(self) -> str:
        return f"{self.what}\n  where: {self.where}\n  fix:   {self.fix}"
