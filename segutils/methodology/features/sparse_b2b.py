"""Few orders and long cycles: may features use raw counts, or must they be treated first?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from segutils.findings import Decision, Figure, Finding, Need, Override
from segutils.formats import format_value, plural
from segutils.methodology.features.count_treatments import (
    INFLATED,
    NUMBERS,
    RAW,
    TREATMENTS,
    choose_simplest,
    draw_resamples,
    fit_treatments,
)
from segutils.methodology.features.count_trial import (
    OWN,
    Trial,
    diagnose,
    expect_spend,
    fit_spend,
)
from segutils.statistics.decisions import check_override
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.order_histories import count_between, take_snapshot

SLUG = "sparse-b2b"
FIRM = 0.8  # share of resamples with the same choice above which it is called firm
DRAWN = 5000  # customers whose chances are drawn
ZERO_LEVEL = 0.01  # chance below which there are more zeros than different rates explain
BUCKETS = {
    "none": (0, 0),
    "1": (1, 1),
    "2-3": (2, 3),
    "4-7": (4, 7),
    "8-15": (8, 15),
    "16 or more": (16, np.inf),
}
FEATURE_COLUMNS = ("customer_id", "orders", "expected_orders", "probability_alive", "value_per_order")


def decide_sparse_b2b(
    trial: Trial | None,
    *,
    min_gain: float = 0.03,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 20311,
    override: Override | None = None,
) -> Finding:
    """Which treatment of order counts should features use?

    Parameters
    ----------
    trial : Trial or None
        From :func:`~segutils.methodology.features.count_trial.measure_treatments`.
    min_gain : float
        Share of the raw counts' error that a treatment must take away to be worth its trouble.
    draws : int
        Bootstrap samples of the customers, the same for all treatments.
    level : float
        Of the intervals.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: the diagnosis, ``measure, value``. Options: ``score`` (share of the raw counts' error that is
        taken away, with ``low, high``), ``error`` (mean absolute error of the expected orders),
        ``log_likelihood`` (per customer, of the orders that came), ``bias`` (orders expected in all against
        those that came), ``numbers`` (estimated from all customers). Recommended is the simplest treatment
        that the best does not beat by more than one standard error; raw counts, unless the gain over them is
        beyond chance and at least `min_gain`. ``not_run`` where the history is too short to hold anything
        against it.
    """
    if trial is None:
        return _withhold()
    errors = trial.holdout.errors
    names = list(errors.columns)
    weights = draw_resamples(len(errors), draws=draws, seed=seed)
    options = _build_options(trial, weights, level=level)
    worth = ((options["low"] > 0) & (options["score"] >= min_gain)).to_numpy()
    pick = int(choose_simplest(-errors.to_numpy(float))[0])
    chosen = names[pick] if worth[pick] else RAW
    redrawn = np.array(names)[_redraw(errors.to_numpy(float), weights, min_gain=min_gain)]
    held = float((redrawn == chosen).mean())
    diagnosis = diagnose(trial)
    decision = Decision(
        question="Which treatment of order counts should features use?",
        options=options,
        recommendation=chosen,
        robustness=_say_robustness(chosen, redrawn, held, options, draws=draws),
        robustness_share=held,
        override=check_override(override, names, slug=SLUG),
        formats={
            "score": "share",
            "low": "share",
            "high": "share",
            "error": "number:2",
            "log_likelihood": "number:3",
            "bias": "change",
            "numbers": "count",
        },
    )
    return Finding(
        slug=SLUG,
        status="pass" if held >= FIRM else "caution",
        headline=_say_headline(trial, options, chosen),
        table=diagnosis,
        formats={"value": "by:unit"},
        labels={"measure": "Measure", "numbers": "Numbers estimated", "bias": "Orders expected in all"},
        figures=(_draw_errors(trial, options, chosen, level=level), _draw_buckets(trial, chosen)),
        decision=decision,
        notes=_list_notes(trial, options, chosen),
        limits=(
            "An order is a day with an order of positive net revenue: several on one day count once.",
            "The gain is of the one period held out; intervals redraw customers, not periods, so that a year "
            "unlike the others is not in them.",
            "All models take an active customer's rate as constant: growth, decline and seasons are not in "
            "them.",
        ),
    )


def build_features_of_finding(
    orders: pd.DataFrame, finding: Finding, trial: Trial | None, *, cuts: Sequence[date], seed: int = 0
) -> pd.DataFrame:
    """The table of :func:`build_sparse_features` by what was decided; without a row where nothing was."""
    if trial is None or finding.decision is None:
        empty = {"customer_id": "str", **dict.fromkeys(FEATURE_COLUMNS[1:], "float64")}
        return pd.DataFrame(columns=list(FEATURE_COLUMNS)).astype(empty)
    return build_sparse_features(
        orders, cuts=cuts, treatment=finding.decision.choice, spend=trial.spend, seed=seed
    )


def build_sparse_features(
    orders: pd.DataFrame,
    *,
    cuts: Sequence[date],
    treatment: str,
    spend: str,
    max_customers: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """What is to be expected of each customer in the next period, given all that is known today?

    Parameters
    ----------
    orders, cuts
        As for :func:`~segutils.methodology.features.count_trial.measure_treatments`.
    treatment : str
        The decision's choice.
    spend : str
        The trial's ``spend``.
    max_customers, seed : int

    Returns
    -------
    pandas.DataFrame
        ``customer_id, orders`` (days with orders so far), ``expected_orders`` (in a period as long as the
        holdout), ``probability_alive`` (0-1: is a customer and still buys; by the zero-inflated Pareto/NBD
        whatever the treatment), ``value_per_order``; one row per customer whose start is known.
    """
    if treatment not in TREATMENTS:
        raise ValueError(f"no such treatment: {treatment!r}")
    now, before = (take_snapshot(orders, number=n, cut=cuts[n]) for n in (2, 1))
    # who started on the day of the cut is known for no time at all: expected of them is what a day would tell
    new = orders["start"] == pd.Timestamp(cuts[2])
    started = orders["start"].mask(new, pd.Timestamp(cuts[2]) - pd.Timedelta(days=1))
    everyone = take_snapshot(orders.assign(start=started), number=2, cut=cuts[2])
    fitted = fit_treatments(
        now.histories,
        horizon=float((cuts[2] - cuts[1]).days),
        earlier=before.histories,
        since=count_between(orders, before, number=1),
        names=[treatment, INFLATED],
        max_customers=max_customers,
        seed=seed,
    )
    expected = fitted.expect(everyone.histories)
    return pd.DataFrame(
        {
            "customer_id": everyone.customer_id,
            "orders": everyone.histories.purchases,
            "expected_orders": expected[treatment if treatment in expected else RAW],
            "probability_alive": fitted.models[INFLATED].probability_alive(everyone.histories),
            "value_per_order": expect_spend(everyone, fit_spend(now, spend)),
        }
    )


def _redraw(errors: np.ndarray, weights: np.ndarray, *, min_gain: float) -> np.ndarray:
    """What would be chosen in each resample (0: raw counts)."""
    picks = choose_simplest(-errors, weights=weights)
    mean = weights @ errors
    gain = 1 - mean[np.arange(len(picks)), picks] / mean[:, 0]
    return np.where(gain >= min_gain, picks, 0)


def _withhold() -> Finding:
    need = Need(
        question="Which treatment of few orders would have forecast the next period best?",
        table="transactions",
        columns=("customer_id", "order_id", "ordered_at", "net_revenue"),
    )
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="The history is too short, or too few customers are known, to hold a treatment of few "
        "orders "
        "against what came next",
        table=pd.DataFrame({"measure": pd.Series(dtype=str), "value": pd.Series(dtype=float)}),
        needs=(need,),
    )


def _build_options(trial: Trial, weights: np.ndarray, *, level: float) -> pd.DataFrame:
    errors, came = trial.holdout.errors, trial.holdout.counts
    drawn = weights @ errors.to_numpy(float)
    gains = 1 - drawn / drawn[:, [0]]
    low, high = percentile_interval(gains, level=level)
    mean = errors.mean()
    return pd.DataFrame(
        {
            "option": list(errors.columns),
            "score": (1 - mean / mean[RAW]).to_numpy(),
            "low": low,
            "high": high,
            "error": mean.to_numpy(),
            "log_likelihood": trial.holdout.log_chance.mean().to_numpy(),
            "bias": (trial.holdout.expected.sum() / came.sum() - 1).to_numpy() if came.sum() else np.nan,
            "numbers": [NUMBERS[name] for name in errors.columns],
        }
    )


def _say_headline(trial: Trial, options: pd.DataFrame, chosen: str) -> str:
    none = format_value(float((trial.holdout.counts == 0).mean()), "share:0")
    start = f"{none} of customers placed no order in the {format_value(trial.days, 'days')} held out"
    rows = options.set_index("option")
    if chosen == RAW:
        best = options["score"].max()
        if options.loc[options["score"].idxmax(), "low"] <= 0 or best <= 0:
            return f"{start}; no treatment forecasts orders better than raw counts beyond chance"
        return (
            f"{start}; raw counts can stay: the best treatment takes away {format_value(best, 'share')} of "
            f"their "
            "error only"
        )
    gain = format_value(rows["score"][chosen], "share:0")
    return f"{start}; {chosen} takes away {gain} of the error that raw counts make in forecasting orders"


def _say_robustness(
    chosen: str, redrawn: np.ndarray, held: float, options: pd.DataFrame, *, draws: int
) -> str:
    said = (
        f"In {format_value(held, 'share:0')} of {draws:,} resamples of the customers the same "
        f"treatment is chosen"
    )
    others = pd.Series(redrawn[redrawn != chosen]).value_counts()
    if len(others) and held < 0.995:
        said += f"; where it is not, mostly {others.index[0]}"
    rows = options.set_index("option")
    likeliest = rows["log_likelihood"].idxmax()
    if likeliest == chosen:
        return f"{said}. The likelihood of the orders that came is highest under it too."
    best, own = (format_value(rows["log_likelihood"][name], "number:2") for name in (likeliest, chosen))
    return (
        f"{said}. By the likelihood of the orders that came {likeliest} would be chosen ({best} per customer "
        f"against {own}): it tells better how sure a forecast is, not what it is."
    )


def _list_notes(trial: Trial, options: pd.DataFrame, chosen: str) -> tuple[str, ...]:
    zeros, notes = trial.zeros, []
    model = trial.treatments.models[INFLATED]
    seen, by_rates = format_value(zeros.observed, "share"), format_value(zeros.expected, "share")
    if zeros.p_value < ZERO_LEVEL and zeros.observed > zeros.expected:
        notes.append(
            f"There are more customers without an order than different rates explain ({seen}; {by_rates} by "
            f"rates alone): {format_value(model.never, 'share')} probably never order, however long one "
            f"waits."
        )
    else:
        notes.append(
            f"Different rates explain the customers without an order ({seen}; {by_rates} by rates alone)."
        )
    rows = options.set_index("option")
    if chosen != RAW:
        low, high = (format_value(rows[end][chosen], "share") for end in ("low", "high"))
        notes.append(
            f"An expected number of orders is off by {rows['error'][chosen]:.2f} on average, a raw count by "
            f"{rows['error'][RAW]:.2f}; the gain lies between {low} and {high}."
        )
    bias = rows["bias"][chosen]
    if abs(bias) > 0.02:
        word = "more" if bias > 0 else "fewer"
        notes.append(f"In all, {format_value(abs(bias), 'share')} {word} orders were expected than came.")
    if not trial.spend_errors.empty:
        best = trial.spend_errors.iloc[0]
        words = "is closest by" if best["option"] == OWN else "is closest after"
        notes.append(
            f"The value per order of {plural(int(best['customers']), 'customer')} who ordered before and "
            f"after "
            f"the cut {words} {best['option']}; the table of features uses that."
        )
    return tuple(notes)


def _draw_errors(trial: Trial, options: pd.DataFrame, chosen: str, *, level: float) -> Figure:
    data = options.loc[options["option"] != RAW, ["option", "score", "low", "high"]]
    best = data.loc[data["score"].idxmax()]
    gain = format_value(best["score"], "share")
    if best["low"] > 0:
        title = f"{best['option']} forecasts orders best: with {gain} less error than raw counts"
    else:
        title = "No treatment surely forecasts orders better than raw counts"
    return Figure(
        kind="dot",
        data=data,
        x="option",
        y="score",
        low="low",
        high="high",
        title=title,
        subtitle=f"Error of expected orders per customer that each treatment takes away from raw counts, "
        f"{trial.cuts[1]} to {trial.cuts[2]}, share",
        alt=f"Dot chart of the share of the raw counts' error that each treatment takes away; the highest is "
        f"{best['option']} with {gain}.",
        caption=f"Lines hold {format_value(level, 'share:0')} of the bootstrap samples of customers.",
        formats={"score": "share", "low": "share", "high": "share"},
        reference=0.0,
        reference_label="raw counts",
        highlight=chosen if chosen != RAW else None,
    )


def _draw_buckets(trial: Trial, chosen: str) -> Figure:
    """Customers by number of orders: what came, what raw counts say, what the choice says."""
    treatments, counts = trial.treatments, trial.holdout.counts
    rows = pd.Index(trial.before.customer_id).get_indexer(trial.holdout.customer_id[:DRAWN])
    histories = trial.before.histories.take(rows)
    shown = chosen if chosen != RAW else INFLATED
    series = {
        "came": pd.Series({n: float(((counts >= a) & (counts <= b)).mean()) for n, (a, b) in BUCKETS.items()})
    }
    for name in (RAW, shown):
        chances = np.stack(
            [
                np.exp(treatments.log_chance_by(name, histories, np.full(len(histories), float(y))))
                for y in range(16)
            ]
        )
        parts = {
            n: float(chances[a : int(min(b, 15)) + 1].sum(axis=0).mean())
            for n, (a, b) in BUCKETS.items()
            if b < 16
        }
        series[name] = pd.Series(parts | {"16 or more": 1 - sum(parts.values())})
    data = pd.concat(
        [
            values.rename("share").rename_axis("orders").reset_index().assign(source=name)
            for name, values in series.items()
        ],
        ignore_index=True,
    )
    none = {name: values["none"] for name, values in series.items()}
    came, told, raw = (format_value(none[n], "share:0") for n in ("came", shown, RAW))
    return Figure(
        kind="column",
        data=data,
        x="orders",
        y="share",
        series="source",
        title=f"{came} of customers ordered nothing; {shown} forecast {told}, raw counts {raw}",
        subtitle=f"Customers by number of orders from {trial.cuts[1]} to {trial.cuts[2]}, share",
        alt=f"Columns of the share of customers by number of orders: as it came, as raw counts and as "
        f"{shown} "
        f"forecast it. Without an order: {came}, {raw} and {told}.",
        caption="A raw count forecasts by chance at the customer's own past rate; one without an order "
        "counts as "
        "half an order.",
        formats={"share": "share:0"},
        highlight="came",
    )
