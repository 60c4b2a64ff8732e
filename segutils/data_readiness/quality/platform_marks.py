"""What each type of platform can do: this playbook's assumptions, each of which a client can replace.

They are marks for types, not measurements of products. Abilities are marked 0, 0.25, 0.5, 0.75 or 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from segutils.errors import InputError

OWNER = "playbook default"
STEP = 0.25  # one mark
FACTOR = 3.0  # one mark of latency and of capacity
ABILITIES = ("identity", "activation", "governance", "autonomy")
SIZES = ("latency_hours", "capacity_gb")
RESIDENCY = "residency"  # 1: the vendor's cloud, 2: a cloud region of the client's choice, 3: own premises
MARKS = (*SIZES, *ABILITIES, RESIDENCY)
PLACES = {1: "in the vendor's cloud", 2: "in a cloud region of one's choice", 3: "on one's own premises"}

CLOUD, CLOUD_MARTS = "cloud warehouse, central", "cloud warehouse, domain marts"
PREMISES, PREMISES_MARTS = "on-premise warehouse, central", "on-premise warehouse, domain marts"
CDP, COMPOSABLE = "customer data platform", "cloud warehouse with activation layer"

# latency, capacity, identity, activation, governance, autonomy, residency; and why
_DEFAULTS: tuple[tuple[str, tuple[float, ...], str], ...] = (
    (
        CLOUD,
        (4, 100_000, 0.5, 0.25, 0.75, 0.25, 2),
        "loads run every few hours; records are joined by own rules, messages leave through other tools",
    ),
    (
        CLOUD_MARTS,
        (4, 100_000, 0.25, 0.25, 0.75, 1.0, 2),
        "each domain builds its own tables, so that a customer is joined several times",
    ),
    (
        PREMISES,
        (24, 10_000, 0.5, 0.25, 0.75, 0.25, 3),
        "loads run at night and hardware is bought ahead; nothing leaves the premises",
    ),
    (
        PREMISES_MARTS,
        (24, 10_000, 0.25, 0.25, 0.75, 0.75, 3),
        "as the central one, with tables of each domain's own on shared hardware",
    ),
    (
        CDP,
        (0.1, 1_000, 1.0, 1.0, 0.5, 0.25, 1),
        "made to know anonymous visitors and to send messages within minutes; its vendor holds the data",
    ),
    (
        COMPOSABLE,
        (1, 100_000, 0.75, 0.75, 0.75, 0.5, 2),
        "data stay in the warehouse; a layer on top joins identities and feeds the channels",
    ),
)
LINE = re.compile(r"^(?P<option>[^:]+):\s*(?P<mark>\w+)\s*=\s*(?P<value>\d+(\.\d+)?)\s*,\s*(?P<owner>\S.*)$")


def list_marks(stated: Sequence[str] = ()) -> pd.DataFrame:
    """What can each type of platform do, by whose word?

    Parameters
    ----------
    stated : sequence of str
        Marks that the client replaces, as ``"customer data platform: latency_hours = 0.5, P. Lange"``.

    Returns
    -------
    pandas.DataFrame
        ``option, mark, value, owner, note``. ``latency_hours`` from a fact to its use; ``capacity_gb``;
        ``identity, activation, governance, autonomy`` 0-1; ``residency`` 1 (vendor's cloud), 2 (cloud region
        of the client's choice), 3 (own premises).

    Raises
    ------
    InputError
        A line names no option or mark, or a value outside of its scale.
    """
    rows = [
        (option, mark, float(value), OWNER, note)
        for option, values, note in _DEFAULTS
        for mark, value in zip(MARKS, values, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["option", "mark", "value", "owner", "note"])
    for line in stated:
        found = LINE.match(line.strip())
        known = found and found["option"].strip() in set(table.option) and found["mark"] in MARKS
        if not found or not known:
            raise InputError(
                f"the mark '{line}' cannot be read",
                where="parameter platform_marks",
                fix="write 'option: mark = value, owner'; options: "
                f"{'; '.join(dict.fromkeys(table.option))}; marks: {', '.join(MARKS)}",
            )
        value, mark = float(found["value"]), found["mark"]
        fits = {"residency": value in PLACES, **dict.fromkeys(SIZES, value > 0)}.get(mark, 0 <= value <= 1)
        if not fits:
            raise InputError(
                f"the mark '{line}' is outside of its scale",
                where="parameter platform_marks",
                fix="abilities are 0 to 1, residency is 1, 2 or 3, hours and gigabytes are above 0",
            )
        at = (table.option == found["option"].strip()) & (table["mark"] == mark)
        table.loc[at, ["value", "owner"]] = [value, found["owner"].strip()]
    return table


def spread_marks(marks: pd.DataFrame) -> pd.DataFrame:
    """One row per option (index), one column per mark."""
    wide = marks.pivot(index="option", columns="mark", values="value")
    return wide.loc[list(dict.fromkeys(marks.option)), list(MARKS)].rename_axis(columns=None)
