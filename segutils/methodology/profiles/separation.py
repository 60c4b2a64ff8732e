"""How far apart do the segments lie, and how many customers lie between them?"""

from itertools import pairwise

import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.statistics import indices, kmeans
from segutils.statistics.segment_model import SegmentModel

SLUG = "profiles"
STEPS = 5  # columns of the gorge plot
BETWEEN = 0.8  # from this shadow value on a customer is at the border, here and where overlap is judged


def build_separation(buyers: pd.DataFrame, model: SegmentModel, names: pd.DataFrame) -> pd.DataFrame:
    """Which segment lies next to which, and how clearly do its customers belong?

    Parameters
    ----------
    buyers : pandas.DataFrame
        ``customer_id`` and the model's features in raw units; customers with purchases only.
    model : SegmentModel
    names : pandas.DataFrame
        ``segment, name``.

    Returns
    -------
    pandas.DataFrame
        ``segment`` (its name), ``customers, shadow`` (mean; 0 on the centre, 1 on the border: Dolnicar, Grün
        & Leisch 2018, chapter 7), ``clear`` (share with a shadow value up to one half), ``between`` (share
        from 0.8 on), ``next_to`` (the segment that is second nearest for most of its customers), ``distance``
        (of the two centres, in standard deviations).
    """
    points = model.scaling.apply(buyers)
    shadow = indices.shadow_values(points, model.centres)
    squared = ((points[:, None, :] - model.centres[None, :, :]) ** 2).sum(axis=2)
    order = np.argsort(squared, axis=1, kind="stable")
    named = names.set_index("segment")["name"]
    rows = []
    for number, code in enumerate(model.names):
        own = order[:, 0] == number
        if not own.any():
            continue
        second = int(np.bincount(order[own, 1]).argmax())
        rows.append(
            {
                "segment": named.get(code, code),
                "customers": int(own.sum()),
                "shadow": shadow[own].mean(),
                "clear": (shadow[own] <= 0.5).mean(),
                "between": (shadow[own] >= BETWEEN).mean(),
                "next_to": named.get(model.names[second], model.names[second]),
                "distance": float(np.sqrt(((model.centres[number] - model.centres[second]) ** 2).sum())),
            }
        )
    return pd.DataFrame(rows)


def check_separation(
    buyers: pd.DataFrame,
    model: SegmentModel,
    names: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    max_points: int = 300,
    seed: int = 0,
) -> Finding:
    """Are the segments islands, or parts of one continent?

    Parameters
    ----------
    buyers : pandas.DataFrame
        ``customer_id`` and the model's features in raw units; customers with purchases only.
    model : SegmentModel
    names : pandas.DataFrame
        ``segment, name``.
    catalogue : pandas.DataFrame
        ``feature, label``.
    max_points : int
        Customers drawn in the separation plot, at random.
    seed : int

    Returns
    -------
    Finding
        Table: :func:`build_separation`. Figures: segment separation plot on the first two principal
        components, and gorge plot (distribution of shadow values by segment).
    """
    if len(model.names) < 2:
        return Finding(
            slug=SLUG,
            status="info",
            headline="Customers form one group, so there is no border between segments",
            table=pd.DataFrame({"segment": ["the only group"], "customers": [len(buyers)]}),
        )
    table = build_separation(buyers, model, names)
    points = model.scaling.apply(buyers)
    shadow = indices.shadow_values(points, model.centres)
    labels = kmeans.assign_nearest(points, model.centres)
    clear, between = (shadow <= 0.5).mean(), (shadow >= BETWEEN).mean()
    best, worst = table.loc[table["clear"].idxmax()], table.loc[table["clear"].idxmin()]
    return Finding(
        slug=SLUG,
        status="info",
        headline=f"{format_value(clear, 'share:0')} of customers lie clearly inside their segment and "
        f"{format_value(between, 'share:0')} at a border; “{best['segment']}” has most customers "
        f"clearly inside, “{worst['segment']}” fewest",
        table=table,
        formats={
            "customers": "count",
            "shadow": "number:2",
            "clear": "share:0",
            "between": "share:0",
            "distance": "number:1",
        },
        labels={
            "shadow": "Mean shadow value",
            "clear": "Clearly inside",
            "between": "At a border",
            "next_to": "Next to",
            "distance": "Distance of centres",
        },
        figures=(
            _plot_separation(points, labels, model, names, catalogue, max_points=max_points, seed=seed),
            _plot_gorge(shadow, labels, model, names),
        ),
        notes=(
            "Clearly inside: at most one third as far from the own centre as from the next one. At a border: "
            f"a shadow value of {format_value(BETWEEN, 'number:1')} or more, at least two thirds as far from "
            "the own centre as from the next one.",
        ),
        limits=(
            "A plane shows two of the axes that customers differ on; segments that touch in it can lie "
            "apart on a third.",
        ),
    )


def _plot_separation(
    points: np.ndarray,
    labels: np.ndarray,
    model: SegmentModel,
    names: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    max_points: int,
    seed: int,
) -> Figure:
    """Customers on the plane on which they differ most."""
    middle = points.mean(axis=0)
    _, lengths, axes = np.linalg.svd(points - middle, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(len(axes[:2])), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    shown = (lengths**2 / (lengths**2).sum())[:2].sum()
    words = catalogue.set_index("feature")["label"]
    meaning = []
    for axis in axes:
        strongest = np.argsort(-np.abs(axis), kind="stable")[:2]
        meaning.append(
            join_words(
                [
                    f"{'more' if axis[n] > 0 else 'less'} "
                    f"{lower_first(words.get(model.scaling.features[n], model.scaling.features[n]))}"
                    for n in strongest
                ]
            )
        )
    named = names.set_index("segment")["name"]
    rng = np.random.default_rng(seed)
    picked = np.sort(rng.permutation(len(points))[:max_points])
    flat = (points[picked] - middle) @ axes.T
    data = pd.DataFrame(
        {
            "axis_1": flat[:, 0],
            "axis_2": flat[:, 1] if flat.shape[1] > 1 else 0.0,
            "segment": [named.get(model.names[n], model.names[n]) for n in labels[picked]],
        }
    )
    place = {named.get(code, code): n for n, code in enumerate(model.names)}
    data = data.sort_values("segment", key=lambda column: column.map(place), kind="stable", ignore_index=True)
    return Figure(
        kind="scatter",
        data=data,
        x="axis_1",
        y="axis_2",
        series="segment",
        title=f"Two axes hold {format_value(shown, 'share:0')} of the differences between customers",
        subtitle=f"{plural(len(picked), 'customer')} drawn at random, principal components of the features "
        "that form segments, standard deviations",
        alt=f"Scatter of customers by segment. To the right: {meaning[0]}. "
        f"{f'Upwards: {meaning[1]}.' if len(meaning) > 1 else ''}",
        caption=f"To the right: {meaning[0]}. {f'Upwards: {meaning[1]}.' if len(meaning) > 1 else ''}",
        formats={"axis_1": "number:0", "axis_2": "number:0"},
    )


def _plot_gorge(shadow: np.ndarray, labels: np.ndarray, model: SegmentModel, names: pd.DataFrame) -> Figure:
    """How near to the centre, how near to the border: the distribution in each segment."""
    named = names.set_index("segment")["name"]
    edges = np.linspace(0, 1, STEPS + 1)
    heads = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(edges)]
    rows = []
    for number, code in enumerate(model.names):
        own = shadow[labels == number]
        if not len(own):
            continue
        counts = np.bincount(np.minimum((own * STEPS).astype(int), STEPS - 1), minlength=STEPS)
        rows += [
            {"segment": named.get(code, code), "shadow": head, "share": count / len(own)}
            for head, count in zip(heads, counts, strict=True)
        ]
    data = pd.DataFrame(rows)
    outer = data[data["shadow"] == heads[-1]].set_index("segment")["share"]
    most, least = outer.idxmax(), outer.idxmin()
    lines = [f"{name} {format_value(share, 'share:0')}" for name, share in outer.items()]
    return Figure(
        kind="heatmap",
        data=data,
        x="shadow",
        y="share",
        series="segment",
        title=f"{format_value(outer[most], 'share:0')} of “{most}” lie near a border, "
        f"{format_value(outer[least], 'share:0')} of “{least}”",
        subtitle="Customers by segment and shadow value (0 on the centre, 1 on the border), share of "
        "the segment",
        alt=f"Heat map of shadow values by segment. Near the border: {'; '.join(lines)}.",
        caption="The more lies at the left, the more clearly a segment is one.",
        formats={"share": "share:0"},
    )
