"""Does a group fit the strategy: how many of the stated objectives does it bring nearer?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.exit_groups import Labels
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE, MarginLadder
from segutils.objectives.attractiveness.retention_stakes import draw_samples
from segutils.statistics.customer_figures import CustomerFigures

LEVELS = ("revenue_growth", "market_share", "retention_rate", "margin_rate")  # more is better
TOP = "top_share"


def score_fit(
    ladder: MarginLadder,
    labels: Labels,
    objectives: pd.DataFrame,
    *,
    leaving: Mapping[str, float],
    leaving_draws: Mapping[str, np.ndarray],
    all_leaving: float,
    figures: CustomerFigures | None = None,
    resamples: int = 500,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which of the stated objectives does each group serve?

    A group serves an objective if its own measure reaches the stated target, or is better than that of the
    company as a whole, so that more of the group brings the company nearer to it. It serves the objective of
    living less by one group if its own share of revenue is within the stated one.

    Parameters
    ----------
    ladder : MarginLadder
    labels : Labels
    objectives : pandas.DataFrame
        ``goal, kind, measure, target``. Objectives by another measure than ``revenue_growth, market_share,
        retention_rate, margin_rate`` or ``top_share`` are left out.
    leaving : mapping of str to float
        Share of each group's active customers who leave within a year; groups without one are not judged by
        retention.
    leaving_draws : mapping of str to numpy.ndarray
        The same in other samples.
    all_leaving : float
        Of all customers.
    figures : CustomerFigures, optional
        With ``market_own`` and ``market``, for the share of the market.
    resamples, seed : int

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        Of groups: ``group, fit`` (0-1, of the objectives that can be judged; NaN where none can), ``served,
        judged``, and one column per sample (its number) with the fit there. Of objectives: ``group, goal,
        kind, measure, value, company, needed, serves``.
    """
    asked = objectives[objectives.measure.isin([*LEVELS, TOP])]
    market = _read_market(figures, ladder.customer_id)
    everybody = Labels(names=("all",), code=np.zeros(len(labels.code), dtype=int))
    company = {name: values[0] for name, values in _measure(ladder, everybody, market, None).items()}
    company["retention_rate"] = 1 - all_leaving
    stays = np.array([1 - leaving.get(name, np.nan) for name in labels.names])
    values = _measure(ladder, labels, market, None) | {"retention_rate": stays}
    rows = [
        (name, line.goal, line.kind, line.measure, value, company.get(line.measure, np.nan), needed, serves)
        for line in asked.itertuples()
        for name, value, needed, serves in zip(labels.names, *_judge(line, values, company), strict=True)
    ]
    columns = ["group", "goal", "kind", "measure", "value", "company", "needed", "serves"]
    goals = pd.DataFrame(rows, columns=columns)
    table = pd.DataFrame({"group": labels.names})
    serves = _serves(asked, values, company)
    table["fit"], table["served"], table["judged"] = _mean(serves), np.nansum(serves, axis=0), _known(serves)
    drawn = {}
    for number, weights in enumerate(draw_samples(len(labels.code), resamples=resamples, seed=seed)):
        sample = _measure(ladder, labels, market, weights)
        whole = {name: part[0] for name, part in _measure(ladder, everybody, market, weights).items()}
        whole["retention_rate"] = company["retention_rate"]
        sample["retention_rate"] = np.array(
            [
                1 - leaving_draws[name][number % len(leaving_draws[name])]
                if name in leaving_draws
                else np.nan
                for name in labels.names
            ]
        )
        drawn[number] = _mean(_serves(asked, sample, whole))
    return pd.concat([table, pd.DataFrame(drawn)], axis=1), goals


def _serves(
    asked: pd.DataFrame, values: Mapping[str, np.ndarray], company: Mapping[str, float]
) -> np.ndarray:
    """Objective x group: 1 or 0; NaN where it cannot be judged."""
    found = [_judge(line, values, company)[2] for line in asked.itertuples()]
    return np.array(found, dtype=float).reshape(len(asked), len(values["retention_rate"]))


def _judge(
    line, values: Mapping[str, np.ndarray], company: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value of each group, what would be needed, and whether it is there."""
    own = np.asarray(values.get(line.measure, np.full(len(values["retention_rate"]), np.nan)), dtype=float)
    if line.measure == TOP:
        return own, np.full(len(own), line.target), np.where(np.isnan(own), np.nan, own <= line.target)
    needed = np.fmin(line.target, company.get(line.measure, np.nan))
    return own, np.full(len(own), needed), np.where(np.isnan(own), np.nan, own >= needed)


def _measure(
    ladder: MarginLadder, labels: Labels, market: np.ndarray | None, weights: np.ndarray | None
) -> dict[str, np.ndarray]:
    year = labels.sum(ladder.last_year(REVENUE).to_numpy(float), weights)
    found = {TOP: _ratio(year, np.full(len(year), _total(ladder, weights)))}
    years = labels.sum(ladder.sum_years(REVENUE), weights)
    if years.shape[1] > 1:
        found["revenue_growth"] = _ratio(years[:, -1], years[:, -2]) - 1
    if CM1 in ladder.amounts:
        found["margin_rate"] = _ratio(labels.sum(ladder.last_year(CM1).to_numpy(float), weights), year)
    if market is not None:
        sums = labels.sum(market, weights)
        found["market_share"] = _ratio(sums[:, 0], sums[:, 1])
    return found


def _total(ladder: MarginLadder, weights: np.ndarray | None) -> float:
    year = ladder.last_year(REVENUE).to_numpy(float)
    return float(year.sum() if weights is None else year @ weights)


def _read_market(figures: CustomerFigures | None, customer_id: np.ndarray) -> np.ndarray | None:
    if figures is None or not {"market_own", "market"} <= set(figures.table.columns):
        return None
    table = figures.table.set_index("customer_id")[["market_own", "market"]]
    return table.reindex(customer_id).fillna(0.0).to_numpy(float)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _known(serves: np.ndarray) -> np.ndarray:
    return np.isfinite(serves).sum(axis=0)


def _mean(serves: np.ndarray) -> np.ndarray:
    return _ratio(np.nansum(serves, axis=0), _known(serves).astype(float))
