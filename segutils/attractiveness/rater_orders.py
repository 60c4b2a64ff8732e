"""Who weighs how, whether comparisons in pairs hold together, and which order each rater would get alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from segutils.attractiveness.matrix import Matrix
from segutils.attractiveness.matrix_words import order_by_rater
from segutils.attractiveness.rules import AXES, WEIGHTS, call_measure
from segutils.findings import Figure, Finding
from segutils.formats import format_value, plural
from segutils.statistics.raters import CONSISTENT

TOGETHER = "all together"
MAX_GROUPS = 12  # groups in the drawing, the first of all raters together


def check_raters(matrix: Matrix, *, slug: str, word: str = "segment") -> Finding:
    """Who weighs how, do their comparisons hold together, and which order would each of them get alone?

    Parameters
    ----------
    matrix : Matrix
    slug : str
    word : str

    Returns
    -------
    Finding
        Table: ``rater, axis, given, consistency_ratio`` (of comparisons in pairs; up to 0.10 is accepted),
        ``weights`` (heaviest first), one row per rater and axis. ``caution`` where a ratio is above.
    """
    if matrix.table.empty:
        columns = ["rater", "axis", "given", "weights"]
        return Finding(
            slug=slug,
            status="not_run",
            headline="Nobody's weights could be applied.",
            table=pd.DataFrame(columns=columns),
            needs=(WEIGHTS,),
        )
    stated, rows = matrix.stated, []
    for axis in AXES:
        for rater, own in getattr(stated, axis).raters.groupby("rater", sort=False):
            heavy = own.sort_values("weight", ascending=False, kind="stable")
            weights = [
                f"{call_measure(row.criterion)} {format_value(row.weight, 'share:0')}"
                for row in heavy.itertuples()
            ]
            ratio = float(own.consistency_ratio.iloc[0])
            given = "weights" if pd.isna(ratio) else "comparisons in pairs"
            rows.append((rater, axis, given, ratio, ", ".join(weights)))
    table = pd.DataFrame(rows, columns=["rater", "axis", "given", "consistency_ratio", "weights"])
    bad = table[table.consistency_ratio > CONSISTENT]
    told = table.consistency_ratio.dropna()
    orders = order_by_rater(matrix)
    mark = format_value(CONSISTENT, "number:2")
    if len(bad):
        names = [f"{row.rater} ({row.consistency_ratio:.2f} on {row.axis})" for row in bad.itertuples()]
        said = f"The comparisons of {'; '.join(names)} contradict each other beyond {mark}: ask again"
    elif len(told):
        names = "; ".join(dict.fromkeys(table.rater[table.consistency_ratio.notna()]))
        ratio = format_value(told.max(), "number:2")
        held = f"consistency ratio {ratio}, accepted to {mark}"
        said = f"The comparisons in pairs of {names} hold together ({held})"
    else:
        said = f"{plural(len(table.rater.unique()), 'rater')} gave weights, nobody compared in pairs"
    return Finding(
        slug=slug,
        status="caution" if len(bad) else "pass",
        headline=f"{said}; {_say_orders(orders, matrix, word=word)}.",
        table=table.sort_values(["axis", "rater"], kind="stable", ignore_index=True),
        formats={"consistency_ratio": "number:2"},
        labels={"given": "Given as"},
        figures=_draw_orders(orders, matrix, word=word),
        notes=[f"{name} alone: {', '.join(order) or 'nobody'}." for name, order in orders.items()],
    )


def _say_orders(orders: dict[str, list[str]], matrix: Matrix, *, word: str) -> str:
    together = matrix.passing.name.tolist()
    if not together:
        return f"no {word} is left to be put in order"
    if not orders:
        return "none of them weighed both axes, so nobody's own order can be told"
    same = [name for name, order in orders.items() if order == together]
    firsts = {order[0] for order in orders.values()}
    if len(same) == len(orders):
        return "each of them alone would get the same order" if len(orders) > 1 else "the order is theirs"
    first = f"all put {together[0]} first" if firsts == {together[0]} else "they part over the first place"
    return f"{first}, and {len(same)} of {len(orders)} alone would get the order of all together"


def _draw_orders(orders: Mapping[str, Sequence[str]], matrix: Matrix, *, word: str) -> tuple[Figure, ...]:
    """Each rater's own place of each group, beside that of all together."""
    together = matrix.passing.name.tolist()
    if len(orders) < 2 or len(together) < 2:
        return ()
    every = {**orders, TOGETHER: together}
    shown = together[:MAX_GROUPS]
    rows = [(rater, name, order.index(name) + 1) for rater, order in every.items() for name in shown]
    data = pd.DataFrame(rows, columns=["rater", "name", "place"])
    spread = data.groupby("name", sort=False).place.agg(lambda places: places.max() - places.min())
    if spread.max() == 0:
        title = f"Every rater alone would put the {word}s in the same order"
    else:
        name = spread.idxmax()
        places = data.place[data.name == name]
        title = f"The raters differ most on {name}: from place {places.min()} to {places.max()}"
    figure = Figure(
        kind="heatmap",
        data=data,
        x="name",
        y="place",
        series="rater",
        title=title,
        subtitle=f"Place of each {word} that keeps the limits, by whose weights are applied; 1 is first",
        alt=f"Matrix of {plural(len(every), 'row')} by {plural(len(together), word)}. {title}.",
        formats={"place": "count"},
        highlight=TOGETHER,
    )
    return (figure,)
