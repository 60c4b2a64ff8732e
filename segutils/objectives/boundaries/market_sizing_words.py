"""Words of ``market-sizing``."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segutils.findings import Assumption
from segutils.formats import format_value, join_words, label_column, plural
from segutils.objectives.boundaries import market_sizing_figures as figures
from segutils.objectives.boundaries.market_sizing_data import ALL, GROUP, Markets, name_year
from segutils.objectives.boundaries.market_sizing_levels import OWN, SAM, SOM, TAM
from segutils.statistics.market_cells import NO_CELL, NO_KEY, NOT_COVERED

SAME_LEVEL = 0.05  # providers whose ratio may lie within this are not said to differ throughout
NAMED = 4  # so many markets are named in a sentence
FORMATS = {
    "market_size": "number:1",
    "net_revenue": "number:1",
    "growth_gap": "points",
    "is_sure": "flag",
    "reach": "share:0",
    "penetration": "share:0",
}
LABELS = {
    "market_size": "Market a year, {currency} million",
    "net_revenue": "Own sales, {currency} million",
    "share": "Share of the market",
    "growth_gap": "Own growth less market's",
    "is_sure": "Gap beyond chance",
    "reach": "Bought by known customers",
    "penetration": "Companies that are customers",
}
CONFLICT_FORMATS = {
    "years": "count",
    "market_low": "money",
    "market_high": "money",
    "net_revenue": "money",
    "factor": "number:1",
}
CONFLICT_LABELS = {
    "reason": "What cannot be true",
    "cell": "Market",
    "years": "In how many years",
    "market_low": "Smallest figure",
    "market_high": "Largest figure",
    "net_revenue": "Own sales",
    "factor": "Apart by a factor of",
}
UNPLACED: Mapping[str, str] = {
    NO_KEY: "customers whose market is not known",
    NO_CELL: "customers in a market that nobody reports",
    NOT_COVERED: "markets without a figure for the year",
}
MEANINGS: Mapping[str, str] = {
    figures.TOO_SMALL: "own sales of a year exceed what every provider says all suppliers sold",
    figures.DISPUTED: "own sales exceed what one provider reports, but not another",
    figures.BEYOND_WALLETS: "what known customers say to buy from all suppliers exceeds, interval and all, "
    "what is reported",
    figures.APART: "providers differ by more than {gap} beyond their usual difference",
}
LIMITS = (
    "Providers' figures are taken as they are; that one follows own sales more closely supposes that the "
    "client's share does not jump from market to market, and does not make its level right.",
    "Growth gaps are said with what other customers of the same kind would have made of them, and with how "
    "far providers disagree; an error that all providers share is not in them.",
    "The obtainable market extrapolates the client's own shares; competitors' answers are not in it.",
)


def build_table(cuts: pd.DataFrame, *, key: str, max_p: float) -> pd.DataFrame:
    """All markets, then by key, then by group, the largest first; amounts in millions."""
    rank = cuts.cut.map({ALL: 0, key: 1, GROUP: 2})
    ordered = cuts.assign(rank=rank).sort_values(
        ["rank", "market_size"], ascending=[True, False], kind="stable"
    )
    names = [
        "All markets" if row.cut == ALL else f"{label_column(row.cut)}: {row.value}"
        for row in ordered.itertuples()
    ]
    sure = [None if pd.isna(row.p_holm) else bool(row.p_holm <= max_p) for row in ordered.itertuples()]
    ordered = ordered.assign(
        share=[_span(row.share_low, row.share_high, "share") for row in ordered.itertuples()],
        is_sure=pd.Series(sure, index=ordered.index, dtype=object),
    )
    columns = ["market_size", "net_revenue", "share", "growth_gap", "is_sure", "reach", "penetration"]
    table = ordered[columns].dropna(axis=1, how="all").reset_index(drop=True)
    amounts = ["market_size", "net_revenue"]
    table[amounts] = table[amounts] / 1e6
    table.insert(0, "market", names)
    return table


def name_columns(currency: str) -> dict[str, str]:
    """Headings."""
    return {name: label.format(currency=currency) for name, label in LABELS.items()}


def say_headline(cuts: pd.DataFrame, conflicts: pd.DataFrame, markets: Markets, *, currency: str) -> str:
    """The share of all markets, and in how many the figures contradict own records."""
    whole = cuts.iloc[0]
    share = _span(whole.share_low, whole.share_high, "share")
    size = _millions(whole.market_low, whole.market_high, currency)
    out = len(markets.left_out)
    text = f"The client holds {share} of markets of {size} ({markets.year})"
    if out:
        verb = "is" if out == 1 else "are"
        return (
            f"{text}; {out} of {markets.last.cell.nunique()} markets {verb} left out, because every provider "
            "reports less than the client sold there."
        )
    beyond = int((conflicts.reason == figures.BEYOND_WALLETS).sum())
    if beyond:
        return f"{text}; in {plural(beyond, 'market')} its customers say to buy more than is reported."
    if (conflicts.reason == figures.DISPUTED).any():
        return (
            f"{text}; in {plural(int((conflicts.reason == figures.DISPUTED).sum()), 'market')} one provider "
            "reports less than the client sold there."
        )
    return f"{text}, and nothing that is reported contradicts its own records."


def say_levels(sizes: pd.DataFrame, *, currency: str) -> str:
    """TAM, SAM, SOM and own sales in one sentence."""
    of = sizes.set_index("level")
    tam, sam, som = (_millions(of.low[name], of.high[name], currency) for name in (TAM, SAM, SOM))
    own = of.amount[OWN]
    gain = f"{format_value((of.amount[SOM] - own) / 1e6, 'money', currency=currency)} million"
    return (
        f"All markets (TAM) come to {tam}, those with customers of the client (SAM) to {sam}. With every "
        f"served market {of.rule[SOM].removeprefix('each served market ')}, the client would sell {som} "
        f"(SOM), {gain} more than today."
    )


def say_conflicts(conflicts: pd.DataFrame, *, currency: str) -> list[str]:
    """The markets whose reported size cannot be true, by name."""
    notes = []
    wrong = conflicts[conflicts.reason == figures.TOO_SMALL]
    if len(wrong):
        named = [
            f"{row.cell} ({write_amount(row.market_high, currency)} at most, "
            f"{write_amount(row.net_revenue, currency)} sold)"
            for row in wrong.head(NAMED).itertuples()
        ]
        more = [f"{len(wrong) - NAMED} more"] if len(wrong) > NAMED else []
        notes.append(
            f"Every provider reports less than the client sold in {join_words([*named, *more])}: either the "
            "market is drawn more narrowly there, or the figure is wrong."
        )
    for reason in (figures.DISPUTED, figures.BEYOND_WALLETS):
        cells = conflicts.cell[conflicts.reason == reason].tolist()
        if cells:
            named = join_words(cells[:NAMED] + ([f"{len(cells) - NAMED} more"] if len(cells) > NAMED else []))
            notes.append(f"{reason}: {named}.")
    return notes


def say_providers(providers: pd.DataFrame) -> list[str]:
    """By how much providers differ throughout, and which follows own sales more closely."""
    if len(providers) < 2:
        return ["One provider reports the markets, so nothing says how far its figures can be trusted."]
    base, notes = providers.iloc[0], []
    for row in providers.iloc[1:].itertuples():
        low, high = row.ratio_low - 1, row.ratio_high - 1
        if low > 0:
            text = (
                f"{row.provider} reports {_change(row.ratio - 1)} more than {base.provider} on the same "
                f"markets (95 % interval {_change(low)} to {_change(high)})"
            )
        else:
            text = (
                f"{row.provider} and {base.provider} report the same level ({_change(row.ratio - 1)} apart)"
            )
        notes.append(f"{text}. Own records cannot tell which level is right. {_say_spread(row, base)}")
    return notes


def say_reach(cuts: pd.DataFrame, *, currency: str) -> list[str]:
    """Bottom-up: what known customers buy in all, and so whether the rest lies with them or with others."""
    whole = cuts.iloc[0]
    if pd.isna(whole.spend):
        return []
    wallet = format_value(whole.net_revenue / whole.spend, "share:0")
    if whole.reach >= 1:
        return [
            f"Bottom-up, known customers say to buy {_millions(whole.spend_low, whole.spend_high, currency)} "
            "from all suppliers, more than the reported markets: their answers or these figures are wrong."
        ]
    others = (1 - whole.reach) / (1 - whole.share)
    return [
        "Bottom-up, known customers say to buy at least "
        f"{_millions(whole.spend_low, whole.spend_high, currency)} from all suppliers: "
        f"{format_value(whole.reach, 'share:0')} of the reported markets, of which the client has {wallet}. "
        f"So at most {format_value(others, 'share:0')} of what it does not sell is bought by companies that "
        "are not its customers."
    ]


def say_growth(cuts: pd.DataFrame, markets: Markets, *, max_p: float) -> list[str]:
    """Where own sales grew faster or more slowly than the market, if chance is unlikely to be the reason."""
    told = cuts[cuts.p_holm.notna()]
    if told.empty:
        return []
    firm = told[told.p_holm <= max_p].sort_values("growth_gap", key=abs, ascending=False, kind="stable")
    span = f"{name_year(markets.years[0])} to {markets.year}"
    whole = cuts.iloc[0]
    lead = (
        f"From {span} the markets grew by {_change(whole.market_growth)} a year and own sales by "
        f"{_change(whole.own_growth)} (gap {format_value(whole.growth_gap, 'points')}, "
        f"{_span(whole.gap_low, whole.gap_high, 'points')})."
    )
    if firm.empty:
        return [f"{lead} No single gap among {len(told)} stands beyond chance."]
    parts = []
    for word, side in (("faster", firm[firm.growth_gap > 0]), ("more slowly", firm[firm.growth_gap < 0])):
        if len(side):
            named = [f"{r.value} ({format_value(r.growth_gap, 'points')})" for r in side.itertuples()]
            parts.append(f"{word} than the market in {join_words(named[:NAMED])}")
    return [f"{lead} Beyond chance, all {len(told)} comparisons counted, the client grew {', '.join(parts)}."]


def say_white_space(white: pd.DataFrame, *, currency: str) -> list[str]:
    """Reported markets to which nothing was sold."""
    if white.empty:
        return []
    named = [
        f"{row.cell} ({_millions(row.market_low, row.market_high, currency)}"
        + (f", {plural(int(row.customers), 'customer')} on the books)" if row.customers else ", no customer)")
        for row in white.head(NAMED).itertuples()
    ]
    more = f" and {len(white) - NAMED} more" if len(white) > NAMED else ""
    return [f"Nothing was sold in {join_words(named)}{more}. Whether the client could is not in the data."]


def say_unplaced(markets: Markets) -> list[str]:
    """How much of own revenue is in no market, so that shares are understated."""
    last = markets.unplaced[markets.unplaced.period == markets.years[-1]]
    if last.empty:
        return []
    share = float(last.share.sum())
    why = [
        f"{UNPLACED.get(r.reason, r.reason)} {format_value(r.share, 'share')}"
        for r in last.sort_values("share", ascending=False).itertuples()
    ]
    text = (
        f"{format_value(share, 'share')} of own revenue of {markets.year} is in no reported market "
        f"({join_words(why)}), so every share is understated by about that part of itself."
    )
    if (last.reason == NO_CELL).any() and markets.unreported:
        more = len(markets.unreported) - NAMED
        named = [*markets.unreported[:NAMED], *([f"{more} more"] if more > 0 else [])]
        text += f" Nobody reports {join_words(named)}."
    return [text]


def say_conflict_headline(conflicts: pd.DataFrame, markets: Markets) -> str:
    """How many markets contradict own records, and on how many providers differ unusually."""
    of = markets.last.cell.nunique()
    wrong = conflicts.cell[conflicts.reason != figures.APART].nunique()
    apart = conflicts.cell[conflicts.reason == figures.APART].nunique()
    first = (
        f"{wrong} of {of} reported markets {'contradicts' if wrong == 1 else 'contradict'} the client's "
        "own records"
        if wrong
        else f"None of {of} reported markets contradicts the client's own records"
    )
    joint = ";" if not wrong else ", and"
    return f"{first}{joint} providers differ by more than usual on {apart}." if apart else f"{first}."


def say_meanings(conflicts: pd.DataFrame, *, max_provider_gap: float) -> list[str]:
    """What each kind of contradiction that was found means."""
    gap = format_value(max_provider_gap, "share:0")
    return [f"{reason}: {MEANINGS[reason].format(gap=gap)}." for reason in dict.fromkeys(conflicts.reason)]


def list_assumptions(sizes: pd.DataFrame, markets: Markets, cuts: pd.DataFrame) -> list[Assumption]:
    """What is assumed and not measured."""
    rule = sizes.set_index("level").rule[SOM]
    found = [Assumption(text=f"Obtainable is {rule}.", owner="playbook default")]
    if len(markets.respelt):
        found.append(Assumption(text=_say_respelt(markets.respelt), owner="playbook default"))
    if markets.totals:
        text = (
            f"Rows of the market for {join_words(list(markets.totals))} are the sum of the others and are "
            "left out, so that nothing is counted twice."
        )
        found.append(Assumption(text=text, owner="playbook default"))
    if len(markets.parts):
        text = (
            "A market is given to the client's groups in proportion to what they buy from the client there."
        )
        found.append(Assumption(text=text, owner="playbook default"))
    if cuts.spend.notna().any():
        text = "Customers who were not asked buy the same share here as those of their group who were."
        found.append(Assumption(text=text, owner="playbook default"))
    return found


def _say_respelt(changes: pd.DataFrame) -> str:
    """How many customers are placed by the usual spelling of their value, and what counts as what."""
    counts = changes.groupby("column", sort=False).rows.sum()
    parts = [f"{label_column(name).lower()} ({count:,})" for name, count in counts.items()]
    shown = changes.sort_values("rows", ascending=False, kind="stable").head(NAMED)
    named = join_words([f"{row.wrong} as {row.right}" for row in shown.itertuples()])
    more = len(changes) - len(shown)
    tail = f" and {plural(more, 'other spelling')}" if more > 0 else ""
    return (
        f"Customers whose {join_words(parts)} is misspelt in the client's data are placed by the usual "
        f"spelling: {named}{tail}."
    )


def _say_spread(row, base) -> str:
    if pd.isna(row.spread) or pd.isna(base.spread):
        return "There are too few markets to tell whose figures follow own sales more closely."
    both = (
        f"{format_value(base.spread, 'share:0')} for {base.provider}, "
        f"{format_value(row.spread, 'share:0')} for {row.provider}"
    )
    # paired, the test sees what no plan would hang on: a rounding of figures
    told = format_value(base.spread, "share:0") != format_value(row.spread, "share:0")
    if row.p_spread <= 0.05 and told:
        name = base.provider if base.spread < row.spread else row.provider
        return (
            f"From market to market {name} follows own sales more closely (typical deviation {both}; p "
            f"{_p(row.p_spread)})."
        )
    return f"From market to market both follow own sales about equally closely (typical deviation {both})."


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"= {value:.3f}"


def _change(value: float) -> str:
    return format_value(value, "share:0") if abs(value) >= 0.1 else format_value(value, "share")


def _span(low: float, high: float, fmt: str) -> str:
    one, two = format_value(low, fmt), format_value(high, fmt)
    return one if one == two else f"{one} to {two}"


def _millions(low: float, high: float, currency: str) -> str:
    one, two = write_amount(low, currency), write_amount(high, currency)
    return one if one == two else f"{one.removesuffix(' million')} to {two.removeprefix(currency).strip()}"


def write_amount(value: float, currency: str) -> str:
    """An amount in a sentence, in millions."""
    small = 0 if abs(value) >= 1e7 else 1
    return f"{format_value(value / 1e6, f'money:{small}' if small else 'money', currency=currency)} million"
