"""How large the client's markets are, and what two market researchers say about it.

A cell is a region and an industry. Its true size is set so that the client's share of it is a planted number;
each provider reports the true size with its own bias and noise, apart from a few cells where it is plainly
wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.samples.customers.accounts import INDUSTRIES
from segutils.samples.customers.profiles import list_regions
from segutils.samples.making import Making

YEARS = (2023, 2024, 2025)
# The client's share of a cell over the three years together: that of the industry times that of the region.
INDUSTRY_SHARE: Mapping[str, float] = {
    "Chemicals": 0.15,
    "Oil & gas": 0.06,
    "Pharma": 0.09,
    "Food & beverage": 0.10,
    "Water": 0.045,
    "Machinery": 0.20,
    "Laboratories": 0.12,
    "Energy": 0.04,
}
REGION_FACTOR: Mapping[str, float] = {
    "Nord": 1.4,
    "Süd": 1.7,
    "West": 1.5,
    "Île-de-France": 1.0,
    "Auvergne-Rhône-Alpes": 1.1,
    "Grand Est": 0.9,
    "Cataluña": 0.9,
    "Madrid": 0.8,
    "País Vasco": 0.7,
    "Mazowsze": 0.6,
    "Śląsk": 0.65,
    "Pomorze": 0.5,
}
NULL_SHARE = 0.1  # of every cell of the null client
GROWTH: Mapping[str, float] = {  # of the true market, a year: one industry shrinks, one booms
    "Chemicals": 0.02,
    "Oil & gas": -0.06,
    "Pharma": 0.14,
    "Food & beverage": 0.035,
    "Water": 0.05,
    "Machinery": 0.015,
    "Laboratories": 0.06,
    "Energy": 0.03,
}
NULL_GROWTH = 0.03
IMPOSSIBLE, OVERSHOOT = 2, 1.8  # cells whose reported size is below our own revenue, by at least this factor
WHITE_REGION, WHITE_INDUSTRY, WHITE_GROWTH = (
    "Śląsk",
    "Mining",
    0.04,
)  # a market where the client sells nothing
WHITE_SIZE = 1.5  # its size, in median cells
SPEND = 0.004  # of a firm's revenue goes into instruments: the size of cells to which nothing was sold


@dataclass(frozen=True, kw_only=True)
class Researcher:
    """A provider of market figures.

    Parameters
    ----------
    name : str
    bias : float
        Mean log of its figure over the true size.
    cell_noise : float
        Standard deviation of log error that stays with a cell.
    year_noise : float
        Standard deviation of log error that is new in every year; the only one that disturbs growth.
    unit : int
        It rounds to this amount.
    """

    name: str
    bias: float
    cell_noise: float
    year_noise: float
    unit: int


RESEARCHERS = (
    Researcher(name="Sondaris", bias=0.0, cell_noise=0.05, year_noise=0.01, unit=1_000),
    Researcher(name="Kelmoor", bias=0.17, cell_noise=0.09, year_noise=0.02, unit=10_000),
)


def build_market(making: Making) -> None:
    """How large is each market, how does it grow, and who says so?

    Reads ``draft.ledger``; leaves ``client.market`` and the truth ``market``: per cell and year the true
    size, the client's revenue and share, the planned share (of the three years together), and `kind`:
    regular, impossible (both providers report less than the client sold), white space, or no sales (the size
    comes from the accounts' revenue).
    """
    rng = making.rng("market")
    cells = _size_cells(making)
    cells = _choose_impossible(cells, rng, count=0 if making.null else IMPOSSIBLE)
    if not making.null:
        cells = _add_white_space(cells)
    reports = pd.concat([_report(cells, researcher, rng, null=making.null) for researcher in RESEARCHERS])
    making.draft("market", reports)
    making.emit(
        "market",
        """select make_date(year, 1, 1) as period, euros(size) as market_size, region, industry,
        growth::double as growth, provider from draft.market""",
        order="period, region, industry, provider",
    )
    making.run("drop table draft.market")
    making.truth("market", _list_truth(cells))
    _note(making, cells)


def _size_cells(making: Making) -> pd.DataFrame:
    """One row per cell: sales of each year, planned share, growth, and the true size of the last year."""
    by_year = ", ".join(f"(sum(revenue) filter (where year(month) = {y}))::double as sold_{y}" for y in YEARS)
    sold = making.ask(f"select region, industry, {by_year} from draft.ledger group by all")
    firms = making.ask("""
        select region, industry, sum(annual_revenue::decimal(18, 0))::double as firms
        from draft.accounts group by all""")
    grid = pd.MultiIndex.from_product([list_regions(), INDUSTRIES], names=["region", "industry"])
    cells = grid.to_frame(index=False).merge(sold, how="left").merge(firms, how="left").fillna(0.0)
    planned = cells.industry.map(INDUSTRY_SHARE) * cells.region.map(REGION_FACTOR)
    growth = cells.industry.map(GROWTH)
    cells = cells.assign(
        planned=NULL_SHARE if making.null else planned, growth=NULL_GROWTH if making.null else growth
    )
    years = sum((1 + cells.growth) ** (y - YEARS[-1]) for y in YEARS)
    total = cells[[f"sold_{y}" for y in YEARS]].sum(axis=1)
    is_sold = total > 0
    # where nothing was sold the firms that are known in the cell say how large it is
    size = np.where(is_sold, total / (cells.planned * years), cells.firms * SPEND)
    size = np.where(size > 0, size, np.median(size[size > 0]))
    return cells.assign(
        size=size, kind=np.where(is_sold, "regular", "no sales"), planned=cells.planned.where(is_sold, 0.0)
    )


def _choose_impossible(cells: pd.DataFrame, rng: np.random.Generator, *, count: int) -> pd.DataFrame:
    """Some of the cells with sales in every year get a reported size below what the client sold there."""
    least = cells[[f"sold_{y}" for y in YEARS]].min(axis=1)
    able = cells.index[least >= least[least > 0].median()]
    chosen = rng.choice(able, size=count, replace=False)
    ratios = [cells[f"sold_{y}"] / (cells["size"] * (1 + cells.growth) ** (y - YEARS[-1])) for y in YEARS]
    reported = cells["size"] * pd.concat(ratios, axis=1).min(axis=1) / OVERSHOOT
    is_chosen = cells.index.isin(chosen)
    return cells.assign(
        kind=cells.kind.mask(is_chosen, "impossible"), reported=cells["size"].mask(is_chosen, reported)
    )


def _add_white_space(cells: pd.DataFrame) -> pd.DataFrame:
    size = WHITE_SIZE * cells["size"].median()
    white = {
        "region": WHITE_REGION,
        "industry": WHITE_INDUSTRY,
        **{f"sold_{y}": 0.0 for y in YEARS},
        "firms": 0.0,
        "planned": 0.0,
        "growth": WHITE_GROWTH,
        "size": size,
        "kind": "white space",
        "reported": size,
    }
    return pd.concat([cells, pd.DataFrame([white])], ignore_index=True)


def _report(cells: pd.DataFrame, by: Researcher, rng: np.random.Generator, *, null: bool) -> pd.DataFrame:
    """A provider's sizes, and its growth: of its own unrounded figure on that of the year before."""
    shown = (YEARS[0] - 1, *YEARS)  # the first year's growth needs one more
    paths = np.array([(1 + cells.growth) ** (y - YEARS[-1]) for y in shown]).T
    stays = rng.standard_normal((len(cells), 1)) * by.cell_noise
    new = rng.standard_normal((len(cells), len(shown))) * by.year_noise
    error = np.zeros_like(new) if null else by.bias + stays + new
    sizes = cells.reported.to_numpy()[:, None] * paths * np.exp(error)
    rounded = np.maximum(np.round(sizes / by.unit), 1) * by.unit
    parts = [
        pd.DataFrame(
            {
                "year": y,
                "region": cells.region,
                "industry": cells.industry,
                "size": rounded[:, i],
                "growth": np.round(sizes[:, i] / sizes[:, i - 1] - 1, 4),
                "provider": by.name,
            }
        )
        for i, y in enumerate(shown)
        if i
    ]
    return pd.concat(parts)


def _list_truth(cells: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for y in YEARS:
        size = cells["size"] * (1 + cells.growth) ** (y - YEARS[-1])
        sold = cells[f"sold_{y}"]
        parts.append(
            pd.DataFrame(
                {
                    "region": cells.region,
                    "industry": cells.industry,
                    "period": pd.Timestamp(year=y, month=1, day=1).date(),
                    "market_size": size.round(2),
                    "net_revenue": sold.round(2),
                    "share": (sold / size).round(6),
                    "planned_share": cells.planned.round(6),
                    "growth": cells.growth,
                    "kind": cells.kind,
                }
            )
        )
    return pd.concat(parts).sort_values(["region", "industry", "period"], ignore_index=True)


def _note(making: Making, cells: pd.DataFrame) -> None:
    if making.null:
        text = (
            f"Every cell has the same share ({NULL_SHARE:.0%} over the three years) and the same growth "
            f"({NULL_GROWTH:.0%} a year); both providers report the true size and differ by rounding only."
        )
    else:
        wrong = cells[cells.kind == "impossible"]
        named = " and ".join(f"{row.industry} in {row.region}" for row in wrong.itertuples())
        first, second = RESEARCHERS
        text = (
            "The client's share of each cell over the three years is an industry's share times a region's "
            f"factor, {cells.planned[cells.kind == 'regular'].min():.1%} to {cells.planned.max():.1%}. Oil & "
            f"gas shrinks by {-GROWTH['Oil & gas']:.0%} a year, Pharma grows by {GROWTH['Pharma']:.0%}. "
            f"{second.name} reports {np.exp(second.bias) - 1:.0%} more than {first.name}, whose figures are "
            f"right but for a noise of {first.cell_noise:.0%} a cell. In {named} both report less than the "
            f"client sold itself; in {WHITE_REGION} there is a market in {WHITE_INDUSTRY} to which it sells "
            "nothing."
        )
    making.plant(
        "Markets and shares of them",
        text,
        tables="market transactions customers",
        truth="market",
        capabilities="market-sizing objective-choice attractiveness-matrix thresholds",
    )
