"""In which regions does the segmentation not hold, and what should be done there?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Decision, Figure, Finding, Need, Override, Status
from segutils.formats import format_value, join_words, plural
from segutils.statistics import decisions
from segutils.validation.stability.regional_moves import COLUMNS as MOVES
from segutils.validation.stability.regional_words import Words, list_notes, say_difference, say_move
from segutils.validation.stability.regions import RegionTest

SLUG = "holdout-region"
ONE, EXCEPTIONS, SEPARATE = "one for all", "regional exceptions", "separate by region"
TRAVELS, DIFFERS, DRIFTS, BORDERS, UNKNOWN = (
    "travels",
    "a segment buys differently",
    "a segment changes",
    "borders differ",
    "too few customers",
)
LEVEL = 0.05
RUNNING = "running a segment"
FORMATS = {
    "customers": "count",
    "agreement": "number:2",
    "agreement_low": "number:2",
    "agreement_high": "number:2",
    "contested": "count",
}
LABELS = {
    "agreement": "Agreement with a fit inside",
    "agreement_low": "from",
    "agreement_high": "to",
    "contested": "Contested customers",
    "verdict": "Does the segmentation travel?",
    "what": "What differs",
}
COLUMNS = ["region", "customers", "agreement", "agreement_low", "agreement_high", "contested"]


def decide_holdout_region(
    test: RegionTest | None,
    moves: pd.DataFrame | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
    costs: pd.DataFrame | None = None,
    has_regions: bool = True,
    segments: int = 2,
    min_ari: float = 0.75,
    min_difference: float = 0.5,
    min_moved: float = 0.1,
    max_separate: float = 0.5,
    override: Override | None = None,
    currency: str = "",
) -> Finding:
    """Does one segmentation serve all regions, and where not?

    A region stands apart where (in this order) the rule learned elsewhere divides its customers otherwise
    than a fit inside it (`borders differ`: adjusted Rand index below `min_ari`, and lower than chance
    explains); where a segment's customers buy otherwise than the same segment elsewhere (difference of at
    least `min_difference` standard deviations); where a segment's customers turn into another segment more
    often than elsewhere (by at least `min_moved`). All three at the 5 % level, corrected for all comparisons
    made. ``one for all`` where no region stands apart, ``separate by region`` where regions whose borders
    differ hold more than `max_separate` of the customers, else ``regional exceptions`` for those named.

    Parameters
    ----------
    test : RegionTest or None
        From :func:`segutils.validation.stability.regions.fit_regions`.
    moves : pandas.DataFrame, optional
        From :func:`segutils.validation.stability.regional_moves.count_moves`.
    labels, formats : mapping of str to str, optional
        Feature → label; feature → format.
    costs : pandas.DataFrame, optional
        Stated costs; ``running a segment`` prices an exception.
    has_regions : bool
        Whether the client gave the region of customers.
    segments : int
        Number of segments; with one there is nothing that a region could divide otherwise.
    min_ari : float
        Lowest acceptable adjusted Rand index (between "moderate" 0.65 and "good" 0.80, Steinley 2004).
    min_difference : float
        Smallest difference that matters, in standard deviations of all customers (medium, Cohen 1988).
    min_moved : float
        Smallest difference of shares of movers that matters.
    max_separate : float
        Share of customers in regions whose borders differ, from which on one segmentation makes no sense.
    override : Override, optional
    currency : str

    Returns
    -------
    Finding
        Table: ``region, customers, agreement, agreement_low, agreement_high`` (95 %), ``contested``,
        ``verdict``, ``what``; regions that stand apart first.
    """
    if has_regions and segments < 2:
        return Finding(
            slug=SLUG,
            status="info",
            headline="There is one segment, so there is nothing that a region could divide otherwise.",
            table=pd.DataFrame({"region": []}),
        )
    if test is None or not has_regions:
        return _not_run(has_regions)
    words = Words(labels=labels or {}, formats=formats or {}, currency=currency)
    moved = pd.DataFrame(columns=MOVES) if moves is None else moves
    differs = _find_differences(test, min_difference=min_difference)
    drifts = moved[
        (moved["p_value"] <= LEVEL) & (moved["moved_share"] - moved["elsewhere_share"] >= min_moved)
    ]
    table = _judge_regions(test, differs, drifts, words, min_ari=min_ari)
    unknown = table.loc[table["verdict"] == UNKNOWN, "region"].tolist()
    marks = {"min_ari": min_ari, "min_difference": min_difference, "max_separate": max_separate}
    again = _decide_again(test, drifts, **marks)
    recommended = _recommend(table, max_separate=max_separate)
    options = pd.DataFrame(
        {
            "option": [ONE, EXCEPTIONS, SEPARATE],
            "condition": [
                "no region stands apart",
                "some regions stand apart and are named; all others share one segmentation",
                f"regions whose borders differ hold more than {format_value(max_separate, 'share:0')} of "
                "customers",
            ],
            "score": [
                float(np.mean([found == option for found in again])) for option in (ONE, EXCEPTIONS, SEPARATE)
            ],
        }
    )
    held = float(options.set_index("option")["score"][recommended])
    decision = Decision(
        question="Does one segmentation serve all regions?",
        options=options,
        recommendation=recommended,
        robustness=_say_robustness(test, recommended, held, len(again), **marks),
        robustness_share=held,
        override=decisions.check_override(override, options["option"].tolist(), slug=SLUG),
        formats={"score": "share:0"},
    )
    return Finding(
        slug=SLUG,
        status=_rate(table, recommended),
        headline=_say_headline(table, decision),
        table=table.drop(columns=["clause", "short"]),
        formats=FORMATS,
        labels=LABELS,
        figures=(_plot_regions(table, min_ari=min_ari),),
        decision=decision,
        notes=list_notes(test, differs, drifts, words, unknown=unknown),
        assumptions=_price_exceptions(table, costs, currency),
        limits=(
            f"Regions are those in the client's records; fits are by {test.algorithm} on the axes of the "
            "chosen segments, and customers belong to the nearest centre. "
            "Needs and attitudes that were not measured may differ where buying does not.",
        ),
    )


def _find_differences(test: RegionTest, *, min_difference: float) -> pd.DataFrame:
    found = test.differences
    found = found[(found["p_value"] <= LEVEL) & (found["difference"].abs() >= min_difference)]
    return found.sort_values("difference", key=np.abs, ascending=False, kind="stable")


def _judge_regions(
    test: RegionTest, differs: pd.DataFrame, drifts: pd.DataFrame, words: Words, *, min_ari: float
) -> pd.DataFrame:
    """The table with each region's verdict, and its first reason as a ``clause``, and as a ``short`` one."""
    verdicts, what, clauses, shorts = [], [], [], []
    for row in test.regions.itertuples():
        there = differs[differs["region"] == row.region].drop_duplicates("segment").to_dict("records")
        moving = drifts[drifts["region"] == row.region].to_dict("records")
        said = [say_difference(line, words) for line in there] or [say_move(move) for move in moving]
        clause = said[0] if said else ""
        short = (
            f"{there[0]['segment']} customers buy differently"
            if there
            else f"{moving[0]['segment']} customers change segment"
            if moving
            else ""
        )
        if np.isnan(row.agreement):
            verdict = UNKNOWN
        elif row.agreement < min_ari and row.p_value <= LEVEL:
            verdict, short = BORDERS, "a fit draws other borders"
            clause = f"{short} (agreement {row.agreement:.2f} of 1)"
        else:
            verdict = DIFFERS if there else DRIFTS if moving else TRAVELS
        verdicts.append(verdict)
        what.append("; ".join(said))
        clauses.append(clause)
        shorts.append(short)
    table = test.regions[COLUMNS].assign(verdict=verdicts, what=what, clause=clauses, short=shorts)
    rank = {BORDERS: 0, DIFFERS: 1, DRIFTS: 2, TRAVELS: 3, UNKNOWN: 4}
    table = table.assign(rank=table["verdict"].map(rank))
    order = table.sort_values(["rank", "agreement"], kind="stable", ignore_index=True)
    return order.drop(columns="rank")


def _recommend(table: pd.DataFrame, *, max_separate: float) -> str:
    judged = table[table["verdict"] != UNKNOWN]
    borders = judged.loc[judged["verdict"] == BORDERS, "customers"].sum()
    if borders > max_separate * judged["customers"].sum():
        return SEPARATE
    return EXCEPTIONS if (judged["verdict"] != TRAVELS).any() else ONE


def _decide_again(
    test: RegionTest, drifts: pd.DataFrame, *, min_ari: float, min_difference: float, max_separate: float
) -> list[str]:
    """The rule on redrawn customers; what moved over time is taken as it is."""
    judged = test.regions[test.regions["agreement"].notna()]
    sizes = judged["customers"].to_numpy()
    low = np.fmin(min_ari, judged["usual_low"].to_numpy())
    borders = (test.agreement_draws < low) & (judged["p_value"] <= LEVEL).to_numpy()
    # what chance explains is drawn around no difference: its own noise must not count twice
    explained = (test.differences["p_value"] > LEVEL).to_numpy()
    z = test.z_draws - explained * test.differences["z"].to_numpy()
    moved = test.difference_draws - explained * test.differences["difference"].to_numpy()
    apart = (np.abs(z) > test.critical_z) & (np.abs(moved) >= min_difference)
    separate = borders @ sizes > max_separate * sizes.sum()
    some = borders.any(axis=1) | apart.any(axis=1) | bool(len(drifts))
    return [
        SEPARATE if cut else EXCEPTIONS if named else ONE for cut, named in zip(separate, some, strict=True)
    ]


def _rate(table: pd.DataFrame, recommended: str) -> Status:
    if recommended == ONE:
        return "pass" if (table["verdict"] != UNKNOWN).all() else "caution"
    return "caution" if recommended == EXCEPTIONS else "fail"


def _say_headline(table: pd.DataFrame, decision: Decision) -> str:
    judged = table[table["verdict"] != UNKNOWN]
    apart = judged[judged["verdict"] != TRAVELS]
    if decision.choice != decision.recommendation:
        return (
            f"The client's decision is “{decision.choice}”; the evidence says “{decision.recommendation}” "
            f"({plural(len(apart), 'region stands', 'regions stand')} apart)."
        )
    if decision.choice == ONE:
        low = format_value(judged["agreement"].min(), "number:2")
        return (
            f"One segmentation serves all {len(judged)} regions: a rule learned without a region divides its "
            f"customers as a fit inside it does (agreement {low} of 1 or more)."
        )
    if decision.choice == SEPARATE:
        borders = judged.loc[judged["verdict"] == BORDERS, "region"].tolist()
        share = format_value(
            judged.loc[judged["verdict"] == BORDERS, "customers"].sum() / judged["customers"].sum(), "share:0"
        )
        return (
            f"One segmentation does not travel: in {join_words(borders)}, with {share} of customers, a fit "
            "inside draws other borders than a rule learned elsewhere."
        )
    said = [
        f"in {row.region} {row.clause if len(apart) == 1 else row.short}"
        for row in apart.head(2).itertuples()
    ]
    if len(apart) > 2:
        said.append(f"{plural(len(apart) - 2, 'more region stands', 'more regions stand')} apart")
    return f"One segmentation serves {len(judged) - len(apart)} of {len(judged)} regions; {join_words(said)}."


def _say_robustness(
    test: RegionTest,
    recommended: str,
    held: float,
    draws: int,
    *,
    min_ari: float,
    min_difference: float,
    max_separate: float,
) -> str:
    found = test.differences.loc[test.differences["p_value"] <= LEVEL, "difference"].abs().max()
    least = test.regions["agreement"].min()
    flips = (
        "regions whose borders differ would have to hold "
        f"{format_value(max_separate, 'share:0')} of customers or less"
        if recommended == SEPARATE
        else f"a lowest acceptable agreement, now {min_ari:.2f}, above {least:.2f}, the lowest found"
    )
    if recommended == ONE and not np.isnan(found):
        flips += f", or a smallest difference that matters, now {min_difference:.2f}, of {found:.2f} or less"
    if recommended == EXCEPTIONS and found >= min_difference:
        flips += (
            f" (more regions), or a smallest difference that matters, now {min_difference:.2f} standard "
            f"deviations, above {found:.2f} (fewer)"
        )
    return (
        f"Weights: none enter, the rule has marks. Sampling noise: it comes to “{recommended}” in "
        f"{format_value(held, 'share:0')} of {draws:,} resamples of each region's customers. What flips it: "
        f"{flips}."
    )


def _price_exceptions(
    table: pd.DataFrame, costs: pd.DataFrame | None, currency: str
) -> tuple[Assumption, ...]:
    stated = pd.DataFrame() if costs is None else costs[costs["item"] == RUNNING]
    if stated.empty or not table["verdict"].isin([DIFFERS, DRIFTS, BORDERS]).any():
        return ()
    line = stated.iloc[0]
    amount = format_value(line["amount"], "money", currency=currency)
    return (
        Assumption(
            text=f"An exception that is run as a segment of its own costs what any segment does: {amount} a "
            f"{line['every'] or 'year'}.",
            owner=line["owner"],
        ),
    )


def _plot_regions(table: pd.DataFrame, *, min_ari: float) -> Figure:
    data = table[table["verdict"] != UNKNOWN].sort_values("agreement", kind="stable", ignore_index=True)
    least = data.iloc[0]
    values = ", ".join(f"{row.region} {row.agreement:.2f}" for row in data.itertuples())
    return Figure(
        kind="dot",
        data=data[["region", "agreement", "agreement_low", "agreement_high"]],
        x="region",
        y="agreement",
        low="agreement_low",
        high="agreement_high",
        title=_say_claim(data, min_ari=min_ari),
        subtitle="Agreement of a rule learned in all other regions with a fit inside the region, adjusted "
        "Rand index and 95 % interval",
        alt=f"Adjusted Rand index by region: {values}. Acceptable from {min_ari}.",
        caption="1: the same cut; 0: what chance would give. Intervals from resampled customers.",
        formats={name: "number:2" for name in ("agreement", "agreement_low", "agreement_high")},
        reference=min_ari,
        reference_label="acceptable from here",
        highlight=str(least["region"]),
    )


def _say_claim(data: pd.DataFrame, *, min_ari: float) -> str:
    """Where borders hold, and that regions which stand apart for another reason do so all the same."""
    borders = data.loc[data["verdict"] == BORDERS, "region"].tolist()
    if borders:
        return f"In {join_words(borders)} a fit draws other borders than a rule learned elsewhere"
    least = data.iloc[0]
    apart = data.loc[data["verdict"] != TRAVELS, "region"].tolist()
    hold = f"Borders learned elsewhere hold in all {len(data)} regions"
    if apart:
        verb = "stands" if len(apart) == 1 else "stand"
        return f"{hold}; {join_words(apart)} {verb} apart by what customers do there, not by borders"
    if least["agreement"] < min_ari:
        return f"{hold}, as far as samples of their size can tell (lowest: {least['region']})"
    return f"{hold}; least in {least['region']} ({least['agreement']:.2f} of 1)"


def _not_run(has_regions: bool) -> Finding:
    why = (
        "fewer than two regions have enough customers with purchases"
        if has_regions
        else "the customers come without a region"
    )
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"Whether the segmentation travels from region to region was not assessed: {why}.",
        table=pd.DataFrame({"region": []}),
        needs=(
            Need(
                question="In which regions does the segmentation not hold?",
                table="customers",
                columns=("region",),
            ),
        ),
    )
