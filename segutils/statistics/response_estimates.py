"""What money for contacts brings back, from the client's own randomised experiments; beyond them nothing.

An experiment says what one more contact of a customer causes. It says so for contacts like those that were
tried, at the intensity of today, and for each customer once: so the response is a straight line up to the
money that reaches every customer of a group once more, and nothing is known of what lies beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from segutils.findings import Need
from segutils.formats import join_words
from segutils.statistics.campaign_arms import (
    CONTROL_ARMS,
    build_cells,
    count_arms,
    count_contacts,
    count_occasions,
    select_experiments,
    was_contacted,
)
from segutils.statistics.contact_costs import BOOKED, STATED, price_contacts
from segutils.statistics.multiplicity import adjust_known
from segutils.statistics.order_margins import measure_orders
from segutils.statistics.rates import p_difference, stratified_difference
from segutils.statistics.responses import return_a_year

PAYS, PAYS_NOT, OPEN = "pays", "does not pay", "open"
BOLDER, WITHIN, CAUTIOUS = "bolder than measured", "not contradicted", "more cautious than measured"
COLUMNS = (
    *("group", "customers", "experiments", "treated", "control", "lift", "low", "high", "p_holm"),
    *("margin_per_order", "order_se", "cost_per_contact", "cost_basis", "rate", "rate_low", "rate_high"),
    *("verdict", "contacts_a_year", "reach_amount", "reach_return", "reach_low", "reach_high"),
)
ARMS = ["campaign_id", "group", "treated", "customers", "responders"]
EXPERIMENT = Need(
    question="What does a contact cause in each group (campaigns that leave a part of each group "
    "uncontacted, by lot)?",
    table="exposures",
    columns=("customer_id", "campaign_id", "arm", "assigned_at", "randomised", "responded"),
)
PRICE = Need(question="What does a contact cost?", table="campaigns", columns=("cost", "channel"))
WORTH = Need(
    question="What is left of each order line after its cost?",
    table="transactions",
    columns=("contribution_margin",),
)


def estimate_responses(
    exposures: ir.Table | None,
    transactions: ir.Table,
    groups: pd.DataFrame,
    *,
    as_of: date,
    campaigns: ir.Table | None = None,
    costs: pd.DataFrame | None = None,
    control_arms: Sequence[str] = CONTROL_ARMS,
    window_days: int = 365,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """What does money for one more contact of every customer bring back, going by experiments alone?

    Parameters
    ----------
    exposures : ibis table, optional
        ``customer_id, campaign_id, arm, responded, randomised``; optional ``assigned_on``. Campaigns that
        were not given out by chance, or had one arm only, are not read.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue, contribution_margin``.
    groups : pandas.DataFrame
        ``customer_id, group``.
    as_of : datetime.date
    campaigns : ibis table, optional
        ``campaign_id, cost``; optional ``channel``.
    costs : pandas.DataFrame, optional
        Stated costs ``item, amount, per, channel, owner``: those per message of a channel stand in where
        nothing was booked on a campaign.
    control_arms : sequence of str
        Arms that were not contacted, whatever their case.
    window_days : int
        Days up to `as_of` whose orders say what an order earns, and whose contacts are today's intensity.
    confidence : float
        Of the intervals, for all groups together (Bonferroni).

    Returns
    -------
    pandas.DataFrame
        One row per group, in the order of their names: ``group, customers, experiments, treated, control``
        (rows of the arms), ``lift, low, high`` (responses per contact, 0-1), ``p_holm`` (of no lift),
        ``margin_per_order, order_se``, ``cost_per_contact, cost_basis``; ``rate, rate_low, rate_high``
        (contribution margin per unit of money), ``verdict`` (``pays`` where the interval lies above 1,
        ``does not pay`` below, ``open``), ``contacts_a_year`` (per customer, all campaigns; NaN where nobody
        knows when), ``reach_amount`` (money that contacts every customer once more), ``reach_return,
        reach_low, reach_high`` (what that brings back).
        NaN where margin or cost are not known; no row without an experiment.

    Notes
    -----
    Each campaign is compared within itself (Cochran, Mantel, Haenszel; interval of Yan and Su 2010). The
    margin of an order varies too, and its error is added to that of the lift to first order (Zou and Donner
    2008, *Statistics in Medicine* 27, 1693-1702: recovered variances). An order that a contacted customer
    places on top of one that would have come anyway is no further response, so a lift in responses is, if
    anything, too low.
    """
    arms = build_arms(exposures, groups, control_arms=control_arms)
    if exposures is None or arms.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    names = sorted(set(groups["group"]))
    counts = count_arms(arms, names, by="group")
    level = 1 - (1 - confidence) / len(names)
    found = stratified_difference(counts, level=level)
    sizes = groups.groupby("group").customer_id.nunique().reindex(names)
    seen = _count_recent(exposures, groups, as_of, window_days, control_arms).reindex(names)
    seen = seen if seen.isna().all() else seen.fillna(0.0)
    table = pd.DataFrame(
        {
            "group": names,
            "customers": sizes.to_numpy(),
            "experiments": arms.campaign_id.nunique(),
            "treated": counts.of.sum(axis=1).astype(int),
            "control": counts.control_of.sum(axis=1).astype(int),
            "lift": found.estimate,
            "low": found.low,
            "high": found.high,
            "p_holm": adjust_known(p_difference(counts)),
            "contacts_a_year": (seen / sizes).to_numpy() * 365 / window_days,
        }
    )
    table = table.merge(_measure_orders(transactions, groups, as_of, window_days), on="group", how="left")
    table = table.merge(
        _price_contacts(arms, exposures, campaigns, costs, control_arms), on="group", how="left"
    )
    for column, of in zip(("rate", "rate_low", "rate_high"), _multiply(table, level), strict=True):
        table[column] = of / table.cost_per_contact.where(table.cost_per_contact > 0)
    table["verdict"] = np.select([table.rate_low > 1, table.rate_high < 1], [PAYS, PAYS_NOT], OPEN)
    table["reach_amount"] = table.customers * table.cost_per_contact
    for end in ("return", "low", "high"):
        rate = table["rate" if end == "return" else f"rate_{end}"]
        table[f"reach_{end}"] = table.reach_amount * rate
    return table[list(COLUMNS)]


def build_arms(
    exposures: ir.Table | None,
    groups: pd.DataFrame,
    *,
    control_arms: Sequence[str] = CONTROL_ARMS,
) -> pd.DataFrame:
    """How many customers of each group were in each arm of each experiment, and how many responded?

    Returns
    -------
    pandas.DataFrame
        ``campaign_id, group, treated, customers, responders``, sorted; only campaigns given out by chance
        that have both arms; no row where nobody says who was chosen by lot, or who responded.
    """
    if exposures is None or not {"randomised", "responded", "arm"} <= set(exposures.columns):
        return pd.DataFrame(columns=ARMS).astype({"treated": bool})
    cells = build_cells(exposures, groups, by="group", control_arms=control_arms)
    return select_experiments(cells)[ARMS]


def estimated_return(amount: ArrayLike, *, rate: ArrayLike, reach_amount: ArrayLike) -> np.ndarray:
    """What does so much money for contacts bring back, as far as experiments know?

    Concave and piecewise linear: the measured rate up to the money that reaches every customer once more, and
    nothing beyond, for beyond it nothing was tried. Where a contact lowers the response, none is made.
    """
    amount, rate, reach = (np.asarray(value, dtype=float) for value in (amount, rate, reach_amount))
    return np.minimum(amount, reach) * np.maximum(rate, 0.0)


def compare_declared(estimates: pd.DataFrame, responses: pd.DataFrame, *, budget: str) -> pd.DataFrame:
    """Do experiments bear out what the owners of a budget say that money brings back?

    Both are held against each other over the same money: that which reaches every customer of the group once
    more. There the declared curve is nearly straight, and brings more per unit than anywhere beyond.

    Parameters
    ----------
    estimates : pandas.DataFrame
        From :func:`estimate_responses`.
    responses : pandas.DataFrame
        ``group, budget, ceiling, half_at, at_least, at_most, owner``.
    budget : str
        The budget that pays for contacts.

    Returns
    -------
    pandas.DataFrame
        ``group, amount`` (money over which they are compared), ``declared, declared_low, declared_high,
        measured, low, high`` (yearly margin per unit of money), ``says`` (``bolder than measured`` where
        even the lowest ceiling that the owner thinks possible promises more than the interval holds, ``more
        cautious than measured`` the other way round, ``not contradicted``), ``owner``. Groups of which both
        are known.
    """
    own = responses[responses.budget == budget]
    both = own.merge(estimates[estimates.rate.notna() & (estimates.reach_amount > 0)], on="group")
    amount = both.reach_amount.to_numpy(dtype=float)
    said = {
        name: return_a_year(amount, ceiling=both[column].astype(float), half_at=both.half_at) / amount
        for name, column in (
            ("declared", "ceiling"),
            ("declared_low", "at_least"),
            ("declared_high", "at_most"),
        )
    }
    table = pd.DataFrame({"group": both.group, "amount": amount, **said})
    table = table.assign(measured=both.rate, low=both.rate_low, high=both.rate_high)
    table["says"] = np.select(
        [table.declared_low > table.high, table.declared_high < table.low], [BOLDER, CAUTIOUS], WITHIN
    )
    return table.assign(owner=both.owner).reset_index(drop=True)


def list_estimate_needs(estimates: pd.DataFrame) -> tuple[Need, ...]:
    """What to ask for, so that experiments can say what money brings back."""
    if estimates.empty:
        return (EXPERIMENT,)
    lacking = {"margin_per_order": WORTH, "cost_per_contact": PRICE}
    return tuple(need for column, need in lacking.items() if estimates[column].isna().all())


def _count_recent(
    exposures: ir.Table, groups: pd.DataFrame, as_of: date, window_days: int, control_arms: Sequence[str]
) -> pd.Series:
    """Contacts of each group in the window, of all campaigns; empty where they have no dates."""
    if "assigned_on" not in exposures.columns:
        return pd.Series(dtype=float)
    seen = count_occasions(
        exposures.filter(was_contacted(exposures, control_arms)), as_of=as_of, window_days=window_days
    )
    both = groups.merge(seen[seen.recent > 0], on="customer_id")
    return both.groupby("group").recent.sum()


def _measure_orders(
    transactions: ir.Table, groups: pd.DataFrame, as_of: date, window_days: int
) -> pd.DataFrame:
    found = measure_orders(transactions, groups, as_of=as_of, by="group", window_days=window_days)
    columns = ["group", "margin_per_order", "order_se"]
    return pd.DataFrame(columns=columns).astype({"group": "object"}) if found is None else found[columns]


def _price_contacts(
    arms: pd.DataFrame,
    exposures: ir.Table,
    campaigns: ir.Table | None,
    costs: pd.DataFrame | None,
    control_arms: Sequence[str],
) -> pd.DataFrame:
    """``group, cost_per_contact, cost_basis``: mean over the group's contacts of what each campaign cost."""
    treated = arms[arms.treated]
    contacts = count_contacts(exposures, control_arms=control_arms)
    table = price_contacts(contacts[contacts.campaign_id.isin(treated.campaign_id)], campaigns, costs)
    said = {BOOKED: BOOKED, STATED: "stated by "}
    table = table.assign(price=table.cost_per_contact, basis=table.basis.map(said).fillna("") + table.owner)
    own = treated.merge(table[["campaign_id", "price", "basis"]], on="campaign_id")
    own["spent"] = own.price * own.customers
    rows = []
    for group, part in own.groupby("group"):
        complete = part.price.notna().all()
        bases = [basis for basis in dict.fromkeys(part.basis) if basis]
        cost = part.spent.sum() / part.customers.sum() if complete else np.nan
        rows.append((group, cost, join_words(bases) if complete else ""))
    return pd.DataFrame(rows, columns=["group", "cost_per_contact", "cost_basis"])


def _multiply(table: pd.DataFrame, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margin of a contact: lift times margin of an order, and its interval."""
    lift, each = table.lift.to_numpy(float), table.margin_per_order.to_numpy(float)
    error = norm.ppf(0.5 + level / 2) * table.order_se.to_numpy(float) * lift
    ends = []
    for sign, end in ((-1, table.low.to_numpy(float)), (1, table.high.to_numpy(float))):
        ends.append(lift * each + sign * np.hypot((end - lift) * each, error))
    return lift * each, ends[0], ends[1]
