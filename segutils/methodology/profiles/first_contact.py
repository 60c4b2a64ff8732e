"""What a segmentation loses where only what is known at first contact can assign a customer."""

from collections.abc import Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from segutils.findings import Assumption, Figure, Finding, Need
from segutils.formats import format_value, join_words, label_column, lower_first, plural
from segutils.methodology.profiles import rule_fields, rules
from segutils.methodology.profiles.rules import Answer, Question
from segutils.methodology.profiles.typing_candidates import CONTACT, Candidates, Tool
from segutils.methodology.profiles.typing_tool import find_shortest
from segutils.methodology.profiles.typing_words import build_accuracy
from segutils.statistics.intervals import percentile_interval, wilson_interval

SLUG = "typing-tool"
WRONG = "a customer in the wrong segment"  # the cost line of the engagement file that prices a mistake
SALES_LABEL = "sales_segment"  # follows buying: not known first unless the parameter names it
PER_YEAR = {"month": 12.0, "quarter": 4.0, "year": 1.0}
FIELDS = ("industry", "employees", "region", "acquisition_channel")


def build_contact(
    customers: ir.Table, *, fields: Sequence[str], protected: Sequence[str] = ()
) -> pd.DataFrame:
    """What is known of each customer before the first order?

    Parameters
    ----------
    customers : ibis.Table
        ``customer_id`` and any of the fields.
    fields : sequence of str
        Those that are not there are left out.
    protected : sequence of str
        Attributes that must not decide about a customer; left out.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` and the fields: numbers as numbers, everything else as text.
    """
    given = [name for name in fields if name in customers.columns and name not in protected]
    columns = {
        name: customers[name].cast("float64" if customers[name].type().is_numeric() else "string")
        for name in given
    }
    table = customers.select("customer_id", **columns).order_by("customer_id").to_pandas()
    return table.drop(columns=[name for name in given if table[name].isna().all()])


def build_money(lines: ir.Table, rfm: pd.DataFrame) -> pd.DataFrame:
    """What did each customer bring in the window: contribution margin, or net revenue where it is not known?

    Parameters
    ----------
    lines : ibis.Table
        ``customer_id, ordered_on, net_revenue`` and, where known, ``contribution_margin``.
    rfm : pandas.DataFrame
        ``customer_id, window_start, window_end``.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, money, measure`` (what it is, as words); 0 where nothing was bought.
    """
    measure = "contribution_margin" if "contribution_margin" in lines.columns else "net_revenue"
    start, end = (pd.Timestamp(rfm[f"window_{side}"].iloc[0]).date() for side in ("start", "end"))
    inside = lines.filter((lines["ordered_on"] >= start) & (lines["ordered_on"] <= end))
    sums = inside.group_by("customer_id").aggregate(money=inside[measure].sum().cast("float64")).to_pandas()
    table = rfm[["customer_id"]].merge(sums, on="customer_id", how="left").fillna({"money": 0.0})
    return table.assign(measure=lower_first(label_column(measure)))


def find_contact_tool(candidates: Candidates) -> Tool | None:
    """The shortest rule within one standard error of the best on what is known at first contact, if any."""
    own = candidates.table[candidates.table["family"] == CONTACT]
    return None if own.empty else candidates.tools[find_shortest(own)]


def check_first_contact(
    candidates: Candidates,
    names: pd.DataFrame,
    money: pd.DataFrame,
    *,
    currency: str,
    costs: pd.DataFrame | None = None,
    max_wrong: float = 0.2,
    draws: int = 1000,
    seed: int = 0,
) -> Finding:
    """How many customers, and how much of the margin, go astray where behaviour is not known yet?

    Parameters
    ----------
    candidates : Candidates
        With what is known at first contact; see
        :func:`segutils.methodology.profiles.typing_candidates.fit_candidates`.
    names : pandas.DataFrame
        ``segment, name``.
    money : pandas.DataFrame
        From :func:`build_money`.
    currency : str
    costs : pandas.DataFrame, optional
        ``item, amount, per, every, owner``; the line "a customer in the wrong segment" prices a mistake.
    max_wrong : float
        Share of customers in the wrong segment from which on first contact is no basis for acting.
    draws : int
        Resamples of the holdout's customers, for intervals.
    seed : int

    Returns
    -------
    Finding
        Table by segment: customers of the holdout, share found, share of money of those who are missed. Not
        run without anything known at first contact; "for information" where there is one segment only.
    """
    own = candidates.table[candidates.table["family"] == CONTACT]
    segments = candidates.assigned["segment"].nunique()
    if segments < 2 or own.empty:
        return _not_run(single=segments < 2)
    option = find_shortest(own)
    chosen = own.set_index("option").loc[option]
    tool = candidates.tools[option]
    assert isinstance(tool, Question | Answer)
    holdout = candidates.holdout.merge(money, on="customer_id", how="left").fillna({"money": 0.0})
    wrong = (holdout["segment"] != holdout[option]).to_numpy()
    share, (low, high) = wrong.mean(), wilson_interval(wrong.sum(), len(wrong))
    amounts, measure = holdout["money"].to_numpy(), str(money["measure"].iloc[0])
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(holdout), size=(draws, len(holdout)))
    astray = amounts[wrong].sum() / amounts.sum()
    between = percentile_interval((amounts * wrong)[drawn].sum(axis=1) / amounts[drawn].sum(axis=1))
    lost = _explain(candidates, option, money, drawn)
    table = _build_table(candidates, option, names, holdout, wrong)
    asked = [lower_first(label_column(name)) for name in rules.list_fields(tool)]
    majority = candidates.holdout["segment"].value_counts(normalize=True).iloc[0]
    ceiling = _measure_ceiling(candidates, seed=seed)
    priced, assumptions = _price(costs, share, len(candidates.assigned), currency)
    return Finding(
        slug=SLUG,
        status="caution" if low > max_wrong else "pass",
        headline=f"Known at first contact only, {format_value(share, 'share:0')} of customers "
        f"({_between(low, high)}) would be put into the wrong segment, with "
        f"{format_value(astray, 'share:0')} of {measure} ({_between(*between)})",
        table=table,
        formats={
            "customers": "count",
            "found": "share:0",
            "found_low": "share:0",
            "found_high": "share:0",
            "money_missed": "share:0",
        },
        labels={
            "customers": "Holdout customers",
            "found": "Found at first contact",
            "found_low": "from",
            "found_high": "to",
            "taken_for": "Mistaken for",
            "money_missed": f"{measure[:1].upper()}{measure[1:]} treated as another segment's",
        },
        figures=(_plot_found(table, share),),
        notes=(
            f"{_say_rule(int(chosen['rules']), asked)} Putting everybody into the "
            f"largest segment would be wrong for {format_value(1 - majority, 'share:0')}.",
            _say_lost(lost, measure),
            f"Length is not what limits it: a random forest on the same fields is wrong for "
            f"{format_value(1 - ceiling, 'share:0')}."
            if 1 - ceiling > share - 0.05
            else f"A random forest on the same fields is wrong for "
            f"{format_value(1 - ceiling, 'share:0')}, but that is no rule that people can follow.",
            *priced,
        ),
        assumptions=assumptions,
        limits=(
            f"The {measure} of customers who would be treated as another segment is at stake, not lost; what "
            "would be lost: that depends on what the segments are offered.",
            "Measured on customers who have bought. Those who never will are not among them.",
            "The sales segment counts as known at first contact, as the parameter names it; such labels "
            "often follow what was bought, and then the result is too good."
            if SALES_LABEL in candidates.contact
            else "Labels that sales gives, such as the sales segment, are not counted as known at first "
            "contact: they often follow what was bought.",
        ),
    )


def _not_run(*, single: bool) -> Finding:
    if single:
        return Finding(
            slug=SLUG,
            status="info",
            headline="Customers are not cut into segments: nothing can go astray at first contact",
            table=pd.DataFrame({"segment": ["the only group"]}),
        )
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="Nothing is known about a customer before the first order, so a new customer cannot be "
        "assigned",
        table=pd.DataFrame({"segment": []}),
        needs=(
            Need(
                question="How far can new customers be assigned before they have bought?",
                table="customers",
                columns=FIELDS,
            ),
        ),
    )


def _build_table(
    candidates: Candidates, option: str, names: pd.DataFrame, holdout: pd.DataFrame, wrong: np.ndarray
) -> pd.DataFrame:
    table = build_accuracy(candidates, option, names)
    named = names.set_index("segment")["name"]
    sums = holdout.assign(missed=holdout["money"] * wrong).groupby("segment")[["missed", "money"]].sum()
    missed = (sums["missed"] / sums["money"].where(sums["money"] > 0)).rename(index=named)
    table["money_missed"] = table["segment"].map(missed)
    return table[["segment", "customers", "found", "found_low", "found_high", "taken_for", "money_missed"]]


def _explain(candidates: Candidates, option: str, money: pd.DataFrame, drawn: np.ndarray) -> pd.DataFrame:
    """How much of the differences in money between left-out customers do segment means explain?

    Out of sample: means are of the customers learned from; 1 − Σ(y − mean of the segment)² / Σ(y − mean of
    all)². The money is taken as the logarithm of 1 + amount (losses as 0), or a few large accounts decide it.
    """
    table = candidates.assigned.merge(money, on="customer_id", how="left").fillna({"money": 0.0})
    values = np.log1p(table["money"].clip(lower=0)).to_numpy()
    aside = table["is_holdout"].to_numpy()
    base = (values[aside] - values[~aside].mean()) ** 2
    rows = {}
    for name, column in (("solution", "segment"), ("contact", option)):
        means = pd.Series(values[~aside]).groupby(table.loc[~aside, column].to_numpy()).mean()
        expected = table.loc[aside, column].map(means).fillna(values[~aside].mean()).to_numpy()
        left = (values[aside] - expected) ** 2
        rows[name] = np.append(
            1 - left.sum() / base.sum(), 1 - left[drawn].sum(axis=1) / base[drawn].sum(axis=1)
        )
    return pd.DataFrame(rows)


def _say_rule(count: int, asked: Sequence[str]) -> str:
    if not asked:
        return "Nothing known at first contact tells the segments apart, so everybody goes into the largest."
    return f"{plural(count, 'rule')} on {join_words(asked)}."


def _say_lost(lost: pd.DataFrame, measure: str) -> str:
    first = lost.iloc[0]
    gap = lost["solution"] - lost["contact"]
    low, high = percentile_interval(gap.iloc[1:].to_numpy())
    return (
        f"On customers left out, the segments explain {format_value(first['solution'], 'share:0')} of the "
        f"differences in {measure}, assigned at first contact "
        f"{format_value(max(first['contact'], 0), 'share:0')}: {gap.iloc[0] * 100:.0f} points less "
        f"({low * 100:.0f} to {high * 100:.0f}; on a logarithmic scale)."
    )


def _measure_ceiling(candidates: Candidates, *, seed: int) -> float:
    """Share right on the holdout if a model may be as complicated as it likes."""
    known = candidates.known[list(candidates.contact)]
    coding = rule_fields.code_customers(known, rule_fields.choose_fields(known))
    aside, segments = candidates.assigned["is_holdout"].to_numpy(), candidates.assigned["segment"].to_numpy()
    model = RandomForestClassifier(n_estimators=100, min_samples_leaf=5, random_state=seed)
    model.fit(coding.codes[~aside], segments[~aside])
    return float((model.predict(coding.codes[aside]) == segments[aside]).mean())


def _price(
    costs: pd.DataFrame | None, share: float, customers: int, currency: str
) -> tuple[list[str], tuple[Assumption, ...]]:
    lines = costs[costs["item"] == WRONG] if costs is not None else pd.DataFrame()
    if lines.empty:
        return [], ()
    line = lines.iloc[0]
    yearly = float(line["amount"]) * PER_YEAR.get(str(line["every"]), 1.0)
    amount = format_value(share * customers * yearly, "money", currency=currency)
    each = format_value(yearly, "money", currency=currency)
    return (
        [f"If all {plural(customers, 'customer')} were assigned so, mistakes would cost {amount} a year."],
        (Assumption(text=f"A customer in the wrong segment costs {each} a year.", owner=str(line["owner"])),),
    )


def _plot_found(table: pd.DataFrame, share: float) -> Figure:
    worst, best = table.loc[table["found"].idxmin()], table.loc[table["found"].idxmax()]
    values = [f"{row.segment} {format_value(row.found, 'share:0')}" for row in table.itertuples()]
    return Figure(
        kind="dot",
        data=table[["segment", "found", "found_low", "found_high"]],
        x="segment",
        y="found",
        low="found_low",
        high="found_high",
        title=f"First contact finds {format_value(best['found'], 'share:0')} of “{best['segment']}”, but "
        f"{format_value(worst['found'], 'share:0')} of “{worst['segment']}”",
        subtitle="Customers of the holdout by segment, share put into it from what is known at first "
        "contact, 95 % interval",
        alt=f"Points with intervals: {'; '.join(values)}.",
        caption="The line is the share over all customers.",
        formats={"found": "share:0", "found_low": "share:0", "found_high": "share:0"},
        reference=1 - share,
        reference_label="All",
        highlight=str(worst["segment"]),
    )


def _between(low: float, high: float) -> str:
    return f"{format_value(low, 'share:0')} to {format_value(high, 'share:0')}"
