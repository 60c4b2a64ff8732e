"""Groups by what customers did in a past period: how much, how often, how recently, what, through whom."""

from __future__ import annotations

import pandas as pd

from segutils.objectives.boundaries.customer_periods import NEXT, CustomerPeriods
from segutils.objectives.boundaries.group_rules import (
    BEHAVIOURAL,
    Grouping,
    cross_groups,
    cut_edges,
    join_small,
    put_in_bands,
)

FIFTHS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "top fifth")
THIRDS = ("low", "middling", "high")
OFTEN = ("seldom", "regularly", "often")
KIND_WORDS = {"line": "product line mostly bought", "channel": "channel mostly used"}
KIND_NAMES = {"line": "product_line_mostly_bought", "channel": "channel_mostly_used"}


def build_behaviour_groups(periods: CustomerPeriods, *, min_customers: int = 30) -> list[Grouping]:
    """How can customers be parted by what they did in the first period?

    Customers without an order in the period are in no group: there is no behaviour of theirs to see. The cuts
    are those of the first period, and the same cuts part the next one.

    Parameters
    ----------
    periods : CustomerPeriods
    min_customers : int
        Smaller groups are put together as others.

    Returns
    -------
    list of Grouping
        ``value_band`` (fifths), ``recency_frequency_value`` (recent or not by recency of half of the buyers,
        thirds of the number of orders and of the value), ``product_line_mostly_bought``,
        ``channel_mostly_used``, and the latter two within thirds of the value.
    """
    now = periods.table.set_index("customer_id")
    later = now[[c for c in now if c.endswith(NEXT)]].rename(columns=lambda c: c.removesuffix(NEXT))
    frames = tuple(frame[frame.orders > 0] for frame in (now, later))
    if len(frames[0]) < 2 * min_customers:
        return []
    value, days = periods.value_words, periods.days
    fifths = _cut(frames, "value", FIFTHS, ending=" by value")
    thirds = _cut(frames, "value", THIRDS, ending=" value")
    often = _cut(frames, "orders", OFTEN)
    recent = _cut(frames, "recency", ("recently", "not of late"))
    cells = tuple(cross_groups(cross_groups(r, f), v) for r, f, v in zip(recent, often, thirds, strict=True))
    made = [
        ("value_band", f"band of past {value}", fifths, f"fifths by {value} of {days} days"),
        (
            "recency_frequency_value",
            "recency, frequency and value",
            cells,
            f"recent or not, thirds by orders and by {value} of {days} days",
        ),
    ]
    for kind, words in KIND_WORDS.items():
        own = tuple(frame[kind].dropna().astype(str) for frame in frames)
        if own[0].nunique() < 2:
            continue
        made.append((KIND_NAMES[kind], words, own, f"most revenue of {days} days"))
        crossed = tuple(cross_groups(*pair) for pair in zip(own, thirds, strict=True))
        made.append(
            (
                f"{KIND_NAMES[kind]} × value",
                f"{words}, and value",
                crossed,
                f"most revenue of {days} days, within thirds by {value}",
            )
        )
    return [_keep(made_one, min_customers) for made_one in made if made_one[2][0].nunique() > 1]


def _cut(
    frames: tuple[pd.DataFrame, pd.DataFrame], column: str, names: tuple[str, ...], *, ending: str = ""
) -> tuple[pd.Series, ...]:
    edges = cut_edges(frames[0][column].dropna(), len(names))
    # fewer bands where many values are equal: then the lowest and the highest names are kept
    kept = names if len(edges) == len(names) - 1 else (*names[: len(edges)], names[-1])
    return tuple(put_in_bands(frame[column], edges, [name + ending for name in kept]) for frame in frames)


def _keep(made: tuple[str, str, tuple[pd.Series, ...], str], min_customers: int) -> Grouping:
    name, words, (now, later), how = made
    groups = join_small(now, min_customers=min_customers)
    return Grouping(
        name=name,
        words=words,
        base=BEHAVIOURAL,
        groups=groups,
        groups_next=join_small(later, min_customers=1, kept=sorted(set(groups))),
        at_first_contact=False,
        how=how,
    )
