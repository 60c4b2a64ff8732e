"""Slug ``market-sizing``: what others report of the markets beside what the client sold there itself."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Finding, Need
from segutils.objectives.boundaries import market_sizing_drawings as drawings
from segutils.objectives.boundaries import market_sizing_figures as figures
from segutils.objectives.boundaries import market_sizing_levels as levels
from segutils.objectives.boundaries import market_sizing_words as words
from segutils.objectives.boundaries.market_sizing_data import ALL, GROUP, Markets

SLUG = "market-sizing"
MARKET = Need(
    question="How large is each market, how fast does it grow, and who says so?",
    table="market",
    columns=("period", "market_size", "region", "industry", "provider"),
)
KEYS = Need(
    question="In which of the reported markets is each customer?",
    table="customers",
    columns=("region", "industry"),
)
FIRMS = Need(question="How many companies are there in each market?", table="market", columns=("firms",))
EARLIER = Need(
    question="How large was each market in an earlier year that the order lines cover, too?",
    table="market",
    columns=("period", "market_size"),
)
PROVIDERS = Need(
    question="What does a second provider say of the same markets?",
    table="market",
    columns=("provider", "market_size"),
)
WALLETS = Need(
    question="Which share of its purchases does a customer make with the client?",
    table="survey",
    columns=("customer_id", "item: share_of_wallet", "answer", "scale"),
)
CONTRADICTIONS = (figures.TOO_SMALL, figures.DISPUTED, figures.BEYOND_WALLETS)


def check_market_sizing(
    markets: Markets | None,
    *,
    currency: str,
    has_market: bool = True,
    som_quantile: float = 0.5,
    max_provider_gap: float = 0.25,
    min_respondents: int = 30,
    max_p: float = 0.05,
) -> Finding:
    """How large are the client's markets, which share of them has it, and which figures cannot be true?

    Parameters
    ----------
    markets : Markets, optional
        From :func:`~segutils.objectives.boundaries.market_sizing_data.read_markets`.
    currency : str
    has_market : bool
        Whether the client gave a table of markets at all: decides what is asked for where `markets` is None.
    som_quantile : float
        The obtainable share of a market is this quantile of the client's own in comparable ones (0-1).
    max_provider_gap : float
        Providers may differ by so much (a share) on a market beyond their usual difference, and throughout.
    min_respondents : int
        Fewest answers about wallets.
    max_p : float
        A growth gap is called one up to this p-value, all cuts together (Holm 1979).

    Returns
    -------
    Finding
        The table has all markets together, by the key that tells shares apart most, and by the client's
        groups. ``caution`` where a reported market contradicts own records, or providers differ throughout.
    """
    if markets is None:
        return _withhold(has_market=has_market)
    cuts = figures.score_cuts(markets, min_respondents=min_respondents)
    sizes = levels.size_levels(markets, som_quantile=som_quantile)
    conflicts = figures.list_conflicts(
        markets, max_provider_gap=max_provider_gap, min_respondents=min_respondents
    )
    providers = figures.compare_providers(markets)
    key = levels.find_comparable_key(markets)
    shown = cuts[cuts.cut.isin([ALL, key, GROUP])]
    table = words.build_table(shown, key=key, max_p=max_p)
    contradicted = conflicts.reason.isin(CONTRADICTIONS).any()
    apart = (providers.ratio_low > 1 + words.SAME_LEVEL).any()
    return Finding(
        slug=SLUG,
        status="caution" if contradicted or apart else "pass",
        headline=words.say_headline(cuts, conflicts, markets, currency=currency),
        table=table,
        formats={name: fmt for name, fmt in words.FORMATS.items() if name in table.columns},
        labels=words.name_columns(currency),
        figures=(
            drawings.draw_levels(sizes, markets, currency=currency),
            *drawings.draw_gaps(shown, markets, max_p=max_p),
        ),
        notes=(
            words.say_levels(sizes, currency=currency),
            *words.say_conflicts(conflicts, currency=currency),
            *words.say_providers(providers),
            *words.say_reach(cuts, currency=currency),
            *words.say_growth(cuts, markets, max_p=max_p),
            *words.say_white_space(levels.list_white_space(markets), currency=currency),
            *words.say_unplaced(markets),
        ),
        assumptions=words.list_assumptions(sizes, markets, cuts),
        limits=words.LIMITS,
        needs=_list_needs(markets, cuts),
    )


def check_market_conflicts(
    markets: Markets | None,
    *,
    currency: str,
    has_market: bool = True,
    max_provider_gap: float = 0.25,
    min_respondents: int = 30,
) -> Finding:
    """In which single markets can the provider and the client's records not both be right?

    Parameters
    ----------
    markets, currency, has_market, max_provider_gap, min_respondents
        As in :func:`check_market_sizing`.

    Returns
    -------
    Finding
        One row per market and contradiction; the figure has the client's share of every market.
    """
    if markets is None:
        return _withhold(has_market=has_market)
    conflicts = figures.list_conflicts(
        markets, max_provider_gap=max_provider_gap, min_respondents=min_respondents
    )
    table = conflicts.drop(columns="share")
    return Finding(
        slug=SLUG,
        status="caution" if len(conflicts) else "pass",
        headline=words.say_conflict_headline(conflicts, markets),
        table=table,
        formats={name: fmt for name, fmt in words.CONFLICT_FORMATS.items() if name in table.columns},
        labels=words.CONFLICT_LABELS,
        figures=drawings.draw_shares(markets),
        notes=words.say_meanings(conflicts, max_provider_gap=max_provider_gap),
        limits=("A figure that contradicts nothing can still be wrong.",),
    )


def _withhold(*, has_market: bool) -> Finding:
    why = (
        "the markets that are reported share no key with the customers, or no year with the order lines"
        if has_market
        else "nobody has said how large they are"
    )
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"The client's markets are not sized: {why}.",
        table=pd.DataFrame(columns=["market", "market_size", "net_revenue", "share"]),
        needs=(KEYS, MARKET) if has_market else (MARKET,),
    )


def _list_needs(markets: Markets, cuts: pd.DataFrame) -> tuple[Need, ...]:
    whole = cuts.iloc[0]
    return (
        *([FIRMS] if pd.isna(whole.firms) else []),
        *([WALLETS] if pd.isna(whole.spend) else []),
        *([EARLIER] if pd.isna(whole.growth_gap) else []),
        *([PROVIDERS] if markets.reports.provider.nunique() < 2 else []),
    )
