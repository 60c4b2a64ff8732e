"""Do segments fitted on an earlier period still hold in a later one?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Decision, Figure, Finding, Need, Override, Status
from segutils.formats import format_value, join_words
from segutils.statistics import agreement, decisions, intervals
from segutils.statistics.segment_model import NO_PURCHASES
from segutils.validation.stability.two_periods import TimeTest

SLUG = "holdout-time"
KEEP, REFIT, STOP = "keep using", "re-fit", "do not use"
FORMATS = {
    "customers_earlier": "count",
    "customers_later": "count",
    "kept_share": "share:0",
    "kept_low": "share:0",
    "kept_high": "share:0",
    "centre_shift": "number:2",
}
LABELS = {
    "customers_earlier": "Customers, earlier",
    "customers_later": "Customers, later",
    "kept_share": "Still in it",
    "kept_low": "from",
    "kept_high": "to",
    "centre_shift": "Centre moved (standard deviations)",
}


def decide_holdout_time(
    test: TimeTest | None,
    *,
    labels: Mapping[str, str] | None = None,
    min_ari: float = 0.75,
    min_kept: float = 0.5,
    draws: int = 1000,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Can the segments be used beyond the period they were fitted on?

    The rule: ``keep using`` where the earlier fit and an independent fit of the later period agree (adjusted
    Rand index at least `min_ari`) and at least `min_kept` of customers are still in their segment; ``re-fit``
    where they don't agree but the later period has a reproducible cut of its own; ``do not use`` where there
    is none, or where most customers have left their segment before anything could be done with it.

    Parameters
    ----------
    test : TimeTest or None
        From :func:`segutils.validation.stability.two_periods.fit_periods`.
    labels : mapping of str to str, optional
        Feature → label.
    min_ari : float
        Lowest acceptable adjusted Rand index: between "moderate" 0.65 and "good" 0.80 (Steinley 2004).
    min_kept : float
        Lowest acceptable share of customers still in their segment (stated, not published).
    draws : int
        Resamples of customers and of pairs for robustness.
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        A caution too where the rule holds for all customers, but `min_kept` is missed in a segment. Table:
        ``segment, customers_earlier, customers_later, kept_share, kept_low, kept_high`` (95 %,
        Wilson), ``centre_shift``; last row all segments.
    """
    if test is None:
        return _not_run()
    if len(test.names) == 1:
        return Finding(
            slug=SLUG,
            status="info",
            headline="There is one segment, so over time nobody can move to another.",
            table=_list_segments(test),
            formats=FORMATS,
            labels=LABELS,
        )
    resampled = _resample(test, draws=draws, seed=seed)
    observed = _kept_share(test.customers)
    stable = float(test.later_stability.mean())
    marks = {"min_ari": min_ari, "min_kept": min_kept}
    verdicts = [_judge(row.agreement, row.kept, row.stable, **marks) for row in resampled.itertuples()]
    recommended = _judge(test.agreement, observed, stable, **marks)
    options = pd.DataFrame(
        {
            "option": [KEEP, REFIT, STOP],
            "condition": [
                "the earlier fit agrees with an independent fit of the later period, and most customers stay",
                "the later period has a reproducible cut, but another one",
                "the later period has no reproducible cut, or most customers leave their segment",
            ],
            "score": [
                float(np.mean([verdict == option for verdict in verdicts])) for option in (KEEP, REFIT, STOP)
            ],
        }
    )
    held = float(options.set_index("option")["score"][recommended])
    low, high = intervals.percentile_interval(resampled["agreement"].to_numpy())
    decision = Decision(
        question="Can the segments be used beyond the period they were fitted on?",
        options=options,
        recommendation=recommended,
        robustness=_say_robustness(test, recommended, held, draws=draws, **marks),
        robustness_share=held,
        override=decisions.check_override(override, options["option"].tolist(), slug=SLUG),
        formats={"score": "share:0"},
    )
    table = _list_segments(test)
    return Finding(
        slug=SLUG,
        status=_rate(recommended, table, min_kept=min_kept),
        headline=_say_headline(test, decision, observed, low=low, high=high, min_kept=min_kept),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=(_plot_migration(test, observed), _plot_drift(test, labels or {})),
        decision=decision,
        notes=_list_notes(test, labels or {}, stable=stable),
        limits=(
            "Two periods of the same length show whether the cut and its members hold, not a season or a "
            "trend: "
            "both may look like drift.",
        ),
    )


def _kept_share(customers: pd.DataFrame) -> float:
    members = customers[customers["before"] != NO_PURCHASES]
    return float((members["before"] == members["after"]).mean())


def _judge(ari: float, kept: float, stable: float, *, min_ari: float, min_kept: float) -> str:
    if kept < min_kept:
        return STOP
    if ari >= min_ari:
        return KEEP
    return REFIT if stable >= min_ari else STOP


def _resample(test: TimeTest, *, draws: int, seed: int) -> pd.DataFrame:
    """What the rule looks at, with customers and pairs drawn again."""
    rng = np.random.default_rng(seed)
    cells = test.customers.groupby(["before", "after", "refitted"], sort=False).size().reset_index(name="n")
    drawn = rng.multinomial(cells["n"].sum(), cells["n"] / cells["n"].sum(), size=draws)
    member = (cells["before"] != NO_PURCHASES).to_numpy()
    stayed = member & (cells["before"] == cells["after"]).to_numpy()
    active = (cells["after"] != NO_PURCHASES).to_numpy()
    names = pd.Index(test.names)
    rows, columns = names.get_indexer(cells["after"][active]), names.get_indexer(cells["refitted"][active])
    tables = np.zeros((draws, len(names), len(names)))
    np.add.at(tables, (slice(None), rows, columns), drawn[:, active])
    pairs = rng.choice(test.later_stability, size=(draws, len(test.later_stability)))
    return pd.DataFrame(
        {
            "agreement": [agreement.adjusted_rand_of_table(table) for table in tables],
            "kept": drawn[:, stayed].sum(axis=1) / drawn[:, member].sum(axis=1),
            "stable": pairs.mean(axis=1),
        }
    )


def _list_segments(test: TimeTest) -> pd.DataFrame:
    moved = test.customers
    before = moved["before"].value_counts().reindex(list(test.names), fill_value=0)
    after = moved["after"].value_counts().reindex(list(test.names), fill_value=0)
    stayed = moved.loc[moved["before"] == moved["after"], "before"].value_counts()
    stayed = stayed.reindex(list(test.names), fill_value=0)
    table = pd.DataFrame(
        {"segment": [*test.names, "All"], "customers_earlier": [*before, before.sum()]}
    ).assign(customers_later=[*after, after.sum()])
    hits, of = np.array([*stayed, stayed.sum()]), table["customers_earlier"].to_numpy()
    ends = intervals.wilson_interval(hits, of)
    table["kept_share"] = np.divide(hits, of, out=np.full(len(of), np.nan), where=of > 0)
    table["kept_low"], table["kept_high"] = ends[:, 0], ends[:, 1]
    return table.merge(test.shifts, on="segment", how="left")


def _rate(recommended: str, table: pd.DataFrame, *, min_kept: float) -> Status:
    """A rule for all customers can hold while most of one segment have left it: that asks for caution."""
    if recommended == KEEP and (table["kept_share"] < min_kept).any():
        return "caution"
    return {KEEP: "pass", REFIT: "caution", STOP: "fail"}[recommended]


def _say_agreement(value: float) -> str:
    return "over 0.99" if 0.995 <= value < 1 else format_value(value, "number:2")


def _say_share(value: float) -> str:
    return "over 99 %" if 0.995 <= value < 1 else format_value(value, "share:0")


def _say_headline(
    test: TimeTest, decision: Decision, kept: float, *, low: float, high: float, min_kept: float
) -> str:
    ends = [_say_agreement(end) for end in (low, high)]
    rand = f"{_say_agreement(test.agreement)} of 1"
    if len({rand.split(" of")[0], *ends}) > 1:
        rand += f" ({' to '.join(ends)})"
    share = _say_share(kept)
    by_segment = _list_segments(test).iloc[:-1].sort_values("kept_share", kind="stable")
    least = by_segment.iloc[0]
    below = by_segment[by_segment["kept_share"] < min_kept]
    held = "segments fitted on the earlier period agree with an independent fit of the later one at "
    held += rand.replace(" (", ", ").removesuffix(")")
    few = [f"in {row.segment} {format_value(row.kept_share, 'share:0')}" for row in below.itertuples()]
    if decision.choice == decision.recommendation == KEEP and few:
        return (
            f"The borders hold over time ({held}), but customers move: {share} are still in their segment, "
            f"{join_words(few)}, below the {format_value(min_kept, 'share:0')} asked for; assign anew before "
            "each use."
        )
    fewest = f"{least['segment']} ({_say_share(least['kept_share'])})"
    if decision.choice != decision.recommendation:
        return (
            f"The client's decision is “{decision.choice}”; the evidence says “{decision.recommendation}” "
            f"(agreement with a fit on the later period {rand})."
        )
    return {
        KEEP: f"The borders hold over time ({held}); {share} of customers are still in their segment, fewest "
        f"in {fewest}.",
        REFIT: "The cut does not hold over time: segments fitted on the earlier period agree with an "
        f"independent fit of the later one at only {rand}; re-fit before each use.",
        STOP: "The segments cannot be relied on over time: agreement with an independent fit of the later "
        f"period is {rand}, and {share} of customers are still in their segment.",
    }[decision.choice]


def _say_robustness(
    test: TimeTest, recommended: str, held: float, *, draws: int, min_ari: float, min_kept: float
) -> str:
    kept = format_value(_kept_share(test.customers), "share:0")
    return (
        "Weights: none enter, the rule has two marks. Sampling noise: it comes to "
        f"“{recommended}” in {format_value(held, 'share:0')} of {draws:,} resamples of customers, with both "
        f"fits as they are. What flips it: a lowest acceptable agreement, now {min_ari:.2f}, on the other "
        f"side of {test.agreement:.2f}, or a lowest acceptable share still in their segment, now "
        f"{format_value(min_kept, 'share:0')}, on the other side of {kept} (of all "
        "customers; a single segment below it asks for caution)."
    )


def _list_notes(test: TimeTest, labels: Mapping[str, str], *, stable: float) -> list[str]:
    moved = test.customers
    gone = int(((moved["before"] != NO_PURCHASES) & (moved["after"] == NO_PURCHASES)).sum())
    come = int(((moved["before"] == NO_PURCHASES) & (moved["after"] != NO_PURCHASES)).sum())
    drifted = test.drift[test.drift["p_value"] <= 0.05 / len(test.drift)]
    names = [
        f"{labels.get(row.feature, row.feature)} ({row.stability_index:.2f})"
        for row in drifted.sort_values("stability_index", ascending=False).itertuples()
    ]
    return [
        f"Earlier period: {test.earlier}; later: {test.later}.",
        f"{gone:,} customers of the earlier period bought nothing in the later one and count as having left "
        f"their segment; {come:,} bought only in the later one.",
        f"For comparison, cuts from two samples of the later period's own customers agree at {stable:.2f}.",
        f"Distributions that moved more than chance would (stability index): {join_words(names)}."
        if names
        else "No feature's distribution moved more than chance would.",
    ]


def _plot_migration(test: TimeTest, kept: float) -> Figure:
    members = test.customers[test.customers["before"] != NO_PURCHASES]
    columns = [*test.names, *([NO_PURCHASES] if (members["after"] == NO_PURCHASES).any() else [])]
    counts = pd.crosstab(members["before"], members["after"]).reindex(
        index=list(test.names), columns=columns, fill_value=0
    )
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0).rename(
        columns={NO_PURCHASES: "no purchase"}
    )
    rows = [
        {"later": later, "share": shares.loc[earlier, later], "earlier": earlier}
        for earlier in shares.index
        for later in shares.columns
    ]
    diagonal = pd.Series({name: shares.loc[name, name] for name in shares.index})
    least = diagonal.idxmin()
    return Figure(
        kind="heatmap",
        data=pd.DataFrame(rows),
        x="later",
        y="share",
        series="earlier",
        title=f"{format_value(kept, 'share:0')} of customers are still in their segment"
        + (f"; fewest in {least} ({format_value(diagonal[least], 'share:0')})" if len(diagonal) > 1 else ""),
        subtitle=f"Share of a segment's customers in {test.earlier} (rows) by segment in {test.later} "
        f"(columns)",
        alt="Still in their segment: "
        + ", ".join(f"{name} {format_value(share, 'share:0')}" for name, share in diagonal.items())
        + ".",
        formats={"share": "share:0"},
    )


def _plot_drift(test: TimeTest, labels: Mapping[str, str]) -> Figure:
    data = test.drift.assign(feature=[labels.get(name, name) for name in test.drift["feature"]])
    data = data.sort_values("stability_index", ascending=False, ignore_index=True)
    top = data.iloc[0]
    strong = top["stability_index"] >= 0.1
    return Figure(
        kind="bar",
        data=data[["feature", "stability_index", "p_value"]],
        x="feature",
        y="stability_index",
        title=f"“{top['feature']}” moved most between the periods"
        if strong
        else "No feature moved enough between the periods to matter",
        subtitle=f"Population stability index of customers with purchases in both periods, {test.earlier} "
        f"and "
        f"{test.later}",
        alt="Stability index: "
        + ", ".join(
            f"{row.feature} {row.stability_index:.3f} (p {row.p_value:.3f})" for row in data.itertuples()
        )
        + ".",
        caption="From 0.1 a shift worth watching, from 0.25 a large one (credit-scoring practice).",
        formats={"stability_index": "number:3", "p_value": "number:3"},
        reference=0.1,
        reference_label="worth watching",
    )


def _not_run() -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="Whether segments hold over time was not assessed: there are not two full periods with "
        "enough customers.",
        table=pd.DataFrame({"segment": []}),
        needs=(
            Need(
                question="Do the segments hold in a later period?",
                table="transactions",
                columns=("ordered_at", "net_revenue"),
            ),
        ),
    )
