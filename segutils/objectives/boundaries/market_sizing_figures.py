"""The numbers of ``market-sizing``: shares, growth gaps, known customers' purchases, providers, conflicts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from segutils.objectives.boundaries.market_sizing_data import (
    ALL,
    GROUP,
    Markets,
    list_cuts,
    pick_people,
    weigh_cells,
)
from segutils.statistics.multiplicity import adjust_holm

TOO_SMALL, DISPUTED, BEYOND_WALLETS, APART = (
    "Every provider reports less than the client sold",
    "A provider reports less than the client sold",
    "Known customers buy more than is reported",
    "Providers differ by more than usual",
)
NORMAL = float(stats.norm.ppf(0.975))


def score_cuts(markets: Markets, *, min_respondents: int = 30) -> pd.DataFrame:
    """How large is each market, which share of it has the client, and does it grow faster?

    Cells whose size cannot be true are left out on both sides, of the market and of own sales.

    Parameters
    ----------
    markets : Markets
    min_respondents : int
        A group with fewer answers about wallets counts with those of all customers.

    Returns
    -------
    pandas.DataFrame
        One row per cut, in the order of :func:`list_cuts`: ``cut, value, cells, customers`` (known),
        ``buyers, firms`` (NaN where not counted), ``penetration`` (customers over firms), ``market_low,
        market_size, market_high`` (sums over cells of the least, mean and most reported), ``net_revenue,
        share, share_low, share_high`` (0-1; over the largest and the least size), ``market_growth,
        own_growth`` (a year, over all complete years), ``growth_gap, gap_low, gap_high`` (95 %), ``p_holm``
        (all cuts together), ``spend, spend_low, spend_high`` (what known customers buy from all suppliers),
        ``reach`` (that over ``market_size``). NaN where not known.
    """
    last = markets.last.set_index("cell")
    used = ~last.index.isin(markets.left_out)
    inside = markets.people[~markets.people.cell.isin(markets.left_out)]
    wallets = score_wallets(markets, min_respondents=min_respondents)
    rows = []
    for cut in list_cuts(markets).itertuples():
        weight = weigh_cells(markets, cut.cut, cut.value).where(used, 0.0)
        of = inside[pick_people(markets, cut.cut, cut.value)[inside.index]]
        sizes = {
            name: float((weight * last[name]).sum()) for name in ("market_low", "market_size", "market_high")
        }
        touched = last[weight > 0]
        own = float(of[markets.years[-1]].sum())
        row = {
            "cut": cut.cut,
            "value": cut.value,
            "cells": len(touched),
            "customers": len(of),
            "buyers": int((of[markets.years[-1]] > 0).sum()),
            "firms": np.nan if cut.cut == GROUP else touched.firms.sum(min_count=len(touched) or 1),
            **sizes,
            "net_revenue": own,
            **{
                f"share{end}": own / sizes[f"market_{size}"] if sizes[f"market_{size}"] > 0 else np.nan
                for end, size in (("", "size"), ("_low", "high"), ("_high", "low"))
            },
            **_compare_growth(markets, weight, of),
            **_sum_spend(of, markets.years[-1], wallets),
        }
        rows.append(row)
    table = pd.DataFrame(rows)
    table["penetration"] = table.customers / table.firms
    table["reach"] = table.spend / table.market_size.where(table.market_size > 0)
    told = table.p_value.notna() & (table.cut != ALL)
    table["p_holm"] = np.nan
    table.loc[told, "p_holm"] = adjust_holm(table.p_value[told].to_numpy())
    return table.drop(columns="p_value")


def score_wallets(markets: Markets, *, min_respondents: int = 30) -> pd.DataFrame:
    """Which share of what they buy do customers of each group say to buy here?

    The mean of answers, each with the weight of what the customer bought in the last year; own sales over it
    are what customers buy from all suppliers. That is the least that the answers imply: averaging each
    customer's own quotient would give more (Jensen's inequality).

    Returns
    -------
    pandas.DataFrame
        Index group ("" = all customers, used where a group has too few answers): ``respondents, wallet,
        error`` (standard error of the mean, a ratio of sums), ``deviation`` (of single customers around it);
        empty where nobody answered.
    """
    year = markets.years[-1]
    told = markets.people[(markets.people.wallet > 0) & (markets.people[year] > 0)]
    rows = {}
    if len(told) >= min_respondents:
        rows[""] = _mean_wallet(told[year], told.wallet)
    for group, of in told[told["group"] != ""].groupby("group"):
        if len(of) >= min_respondents:
            rows[group] = _mean_wallet(of[year], of.wallet)
    columns = ["respondents", "wallet", "error", "deviation"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def score_cell_spend(markets: Markets, *, min_respondents: int = 30) -> pd.DataFrame:
    """What do the known customers of each cell buy from all suppliers, by their own word?

    A cell holds few customers, who differ from the mean of those who were asked. So the interval has two
    parts, the error of the mean and the deviation of single customers, and holds for all cells together
    (Bonferroni): with a hundred cells, some lie beyond an interval that is made for one.

    Returns
    -------
    pandas.DataFrame
        ``cell, spend, spend_low, spend_high`` of the last year; empty where nobody was asked.
    """
    wallets = score_wallets(markets, min_respondents=min_respondents)
    if wallets.empty or "" not in wallets.index:
        return pd.DataFrame(columns=["cell", "spend", "spend_low", "spend_high"])
    people, year = markets.people, markets.years[-1]
    group = people["group"].where(people["group"].isin(wallets.index), "")
    bought = people[year].clip(lower=0)
    own = bought.groupby([people.cell, group]).sum().unstack(fill_value=0.0)
    squares = (bought**2).groupby([people.cell, group]).sum().unstack(fill_value=0.0)
    known = wallets.loc[own.columns]
    spend = (own / known.wallet).sum(axis=1)
    variance = (own * known.error) ** 2 + squares * known.deviation**2
    times = float(stats.norm.ppf(1 - 0.025 / max(len(own), 1)))
    error = times * np.sqrt((variance / known.wallet**4).sum(axis=1))
    low = (spend - error).clip(lower=own.sum(axis=1))  # nobody buys less in all than here
    table = pd.DataFrame({"spend": spend, "spend_low": low, "spend_high": spend + error})
    return table.rename_axis("cell").reset_index()


def compare_providers(markets: Markets) -> pd.DataFrame:
    """Does one provider report more than another throughout, and which follows own sales more closely?

    The ratio is that of the cells both report, each cell once (mean of its years, in logarithms), with a t
    interval over cells. A provider's `spread` is what is left of the ratio of own sales to its figures when
    each value of each key may have its own level: if the share depends on region and industry and not on the
    single cell, the rest is the provider's error (and own sales' chance, which all providers share).
    `p_spread` tests it against the reference (Pitman 1939, Morgan 1939: equal variances of paired values).

    Returns
    -------
    pandas.DataFrame
        Least reporting first, which is the reference: ``provider, cells, market_size`` (last year),
        ``ratio, ratio_low, ratio_high`` (to the reference; 1 for itself), ``apart`` (standard deviation of
        the log ratio over cells), ``spread`` (standard deviation, log; NaN with too few cells), ``p_spread``.
    """
    logs = np.log(
        markets.reports[markets.reports.market_size > 0].set_index(["cell", "period", "provider"]).market_size
    )
    wide = logs.unstack("provider").groupby("cell").mean()
    common = wide.dropna()
    level = common.mean() if len(common) else wide.mean()
    order = level.sort_values(kind="stable").index.tolist()
    reference = order[0]
    rest = _spread_of(markets, wide[order])
    last = markets.reports[markets.reports.period == markets.years[-1]]
    rows = []
    for name in order:
        gap = (wide[name] - wide[reference]).dropna()
        span = (0.0, 0.0) if name == reference else _t_interval(gap)
        rows.append(
            {
                "provider": name,
                "cells": int(wide[name].notna().sum()),
                "market_size": last.market_size[last.provider == name].sum(),
                "ratio": float(np.exp(gap.mean())),
                "ratio_low": float(np.exp(span[0])),
                "ratio_high": float(np.exp(span[1])),
                "apart": float(gap.std()) if name != reference else 0.0,
                "spread": _deviation(rest, name),
                "p_spread": compare_spreads(rest, name, reference),
            }
        )
    return pd.DataFrame(rows)


def list_conflicts(
    markets: Markets, *, max_provider_gap: float = 0.25, min_respondents: int = 30
) -> pd.DataFrame:
    """In which markets can what is reported and what the client knows not both be true?

    Parameters
    ----------
    markets : Markets
    max_provider_gap : float
        Providers may differ by so much on a cell beyond their usual difference (a share).
    min_respondents : int

    Returns
    -------
    pandas.DataFrame
        Worst first within each reason: ``reason, cell, years`` (in how many, of the complete ones),
        ``market_low, market_high, net_revenue`` (last year), ``share``, ``factor`` (by how much the figures
        contradict each other; above 1, NaN where a size is 0).
    """
    cells, last = markets.cells, markets.last.set_index("cell")
    found = []
    for reason, flag in ((TOO_SMALL, "impossible"), (DISPUTED, "disputed")):
        years = cells[cells[flag]].groupby("cell").size()
        against = "market_high" if reason == TOO_SMALL else "market_low"
        worst = (cells.net_revenue / cells[against]).where(cells[flag]).groupby(cells.cell).max()
        found += [
            (reason, cell, n, worst[cell])
            for cell, n in years.items()
            if flag == "impossible" or cell not in markets.left_out
        ]
    spend = score_cell_spend(markets, min_respondents=min_respondents).set_index("cell")
    for cell, row in spend.iterrows():
        if cell in last.index and cell not in markets.left_out and row.spend_low > last.market_high[cell]:
            found.append((BEYOND_WALLETS, cell, 1, row.spend / last.market_high[cell]))
    for cell, factor in _list_apart(markets, max_provider_gap).items():
        found.append((APART, cell, len(markets.years), factor))
    table = pd.DataFrame(found, columns=["reason", "cell", "years", "factor"])
    shown = last[["market_low", "market_high", "net_revenue", "share"]].reset_index()
    table = table.merge(shown, on="cell", how="left")
    rank = table.reason.map({name: n for n, name in enumerate((TOO_SMALL, DISPUTED, BEYOND_WALLETS, APART))})
    table = table.assign(rank=rank).sort_values(["rank", "factor"], ascending=[True, False], kind="stable")
    order = ["reason", "cell", "years", "market_low", "market_high", "net_revenue", "share", "factor"]
    # of a market of size nothing there is no factor
    return table[order].replace({"factor": {np.inf: np.nan}}).reset_index(drop=True)


def _compare_growth(markets: Markets, weight: pd.Series, of: pd.DataFrame) -> dict[str, float]:
    """Growth a year of the market and of own sales over all complete years, and the gap with its interval.

    The gap's error has two parts: that of own growth, if customers were another sample of the same kind (the
    linearised error of a ratio of sums), and the disagreement between providers.
    """
    names = ("market_growth", "own_growth", "growth_gap", "gap_low", "gap_high", "p_value")
    first, last = markets.years[0], markets.years[-1]
    old, new = float(of[first].sum()), float(of[last].sum())
    span = (last - first).days / 365.25
    if span <= 0:
        return dict.fromkeys(names, np.nan)
    sizes = markets.reports.set_index(["provider", "period", "cell"]).market_size
    rates = []
    for provider in sorted(markets.reports.provider.unique()):
        ends = pd.DataFrame(
            {n: sizes.get(provider, pd.Series(dtype=float)).get(y) for n, y in (("a", first), ("b", last))}
        )
        ends = ends.dropna().mul(weight.reindex(ends.dropna().index).fillna(0.0), axis=0).sum()
        if ends.a > 0 and ends.b > 0:
            rates.append(np.log(ends.b / ends.a) / span)
    if not rates or old <= 0 or new <= 0:
        return dict.fromkeys(names, np.nan)
    theirs, ours = float(np.mean(rates)), float(np.log(new / old) / span)
    error = np.sqrt(((of[last] / new - of[first] / old) ** 2).sum()) / span
    if len(rates) > 1:
        error = np.hypot(error, np.std(rates, ddof=1) / np.sqrt(len(rates)))
    gap, scale = ours - theirs, np.exp(theirs)  # a gap of logs, written as a difference of yearly rates
    ends = [scale * np.expm1(gap + side * NORMAL * error) for side in (-1, 1)]
    p_value = 2 * stats.norm.sf(abs(gap) / error) if error > 0 else np.nan
    return dict(
        zip(names, (np.expm1(theirs), np.expm1(ours), scale * np.expm1(gap), *ends, p_value), strict=True)
    )


def _sum_spend(of: pd.DataFrame, year: pd.Timestamp, wallets: pd.DataFrame) -> dict[str, float]:
    """What these customers buy from all suppliers: own sales of each group over its share of the wallet."""
    if wallets.empty or "" not in wallets.index:
        return dict.fromkeys(("spend", "spend_low", "spend_high"), np.nan)
    own = of[year].clip(lower=0).groupby(of["group"].where(of["group"].isin(wallets.index), "")).sum()
    known = wallets.loc[own.index]
    spend = float((own / known.wallet).sum())
    error = float(np.sqrt(((own / known.wallet**2 * known.error) ** 2).sum()))
    own_sum = float(own.sum())  # nobody buys less in all than here
    return {
        "spend": spend,
        "spend_low": max(spend - NORMAL * error, own_sum),
        "spend_high": spend + NORMAL * error,
    }


def _mean_wallet(bought: pd.Series, wallet: pd.Series) -> tuple[int, float, float, float]:
    mean = float((bought * wallet).sum() / bought.sum())
    error = float(np.sqrt(((bought * (wallet - mean)) ** 2).sum()) / bought.sum())
    deviation = float(np.sqrt((bought * (wallet - mean) ** 2).sum() / bought.sum()))
    return len(bought), mean, error, deviation


def _spread_of(markets: Markets, wide: pd.DataFrame) -> pd.DataFrame:
    """Residuals of log(own sales / size) by cell and provider, after a level per value of each key."""
    own = markets.cells.groupby("cell").net_revenue.mean()
    inside = wide.dropna().index.difference(markets.left_out)
    inside = inside[own.reindex(inside) > 0]
    design = pd.get_dummies(
        markets.last.set_index("cell").reindex(inside)[list(markets.keys)], drop_first=True
    )
    design.insert(0, "level", 1.0)
    matrix = design.to_numpy(dtype=float)
    free = len(inside) - np.linalg.matrix_rank(matrix) if len(inside) else 0
    if free < 10:
        return pd.DataFrame(columns=wide.columns, dtype=float)
    logs = np.log(own.reindex(inside).to_numpy())[:, None] - wide.loc[inside].to_numpy()
    rest = logs - matrix @ np.linalg.lstsq(matrix, logs, rcond=None)[0]
    # scaled so that the usual standard deviation has as many degrees of freedom as are left
    return pd.DataFrame(rest, index=inside, columns=wide.columns).assign(free=free)


def _deviation(rest: pd.DataFrame, name: str) -> float:
    return float(np.sqrt((rest[name] ** 2).sum() / rest.free.iloc[0])) if len(rest) else np.nan


def compare_spreads(rest: pd.DataFrame, one: str, two: str) -> float:
    """p-value of equal variances of two paired residuals."""
    if one == two or not len(rest):
        return np.nan
    total, gap = rest[one] + rest[two], rest[one] - rest[two]
    whole = float(np.sqrt((total**2).sum() * (gap**2).sum()))
    if whole <= 0:
        return 1.0
    r = float((total * gap).sum()) / whole
    free = rest.free.iloc[0] - 1
    return float(2 * stats.t.sf(abs(r) * np.sqrt(free / max(1 - r * r, 1e-12)), free))


def _t_interval(values: pd.Series) -> tuple[float, float]:
    mean = float(values.mean())
    if len(values) < 2:
        return (-np.inf, np.inf)
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std() / np.sqrt(len(values)))
    return mean - half, mean + half


def _list_apart(markets: Markets, max_gap: float) -> dict[str, float]:
    """Cells on which two providers differ by more than `max_gap` beyond their usual ratio; the factor."""
    known = (
        markets.reports[markets.reports.market_size > 0].set_index(["cell", "period", "provider"]).market_size
    )
    wide = np.log(known).unstack("provider").groupby("cell").mean()
    level = wide.sub(wide.mean(axis=1), axis=0)
    beyond = level - level.median()  # an odd cell must not move what is usual
    apart = np.exp(beyond.max(axis=1) - beyond.min(axis=1))
    return apart[apart > 1 + max_gap].sort_index().to_dict()
