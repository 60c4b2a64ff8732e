"""What the client plans to spend: marketing, research, segment programmes, sales headcount."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segutils.samples.customers.accounts import STRATEGY_LABELS
from segutils.samples.customers.profiles import REGIONS
from segutils.samples.making import Making

YEAR, YEARS = "this year", "three years"  # horizons
RESEARCH = 0.032  # of net revenue of the last year, for one year
# Research follows habit: shares of the revenue of the first year, apart from one group that is favoured.
FAVOURED_GROUP, FAVOUR = "Aftermarket", 3.0
PROGRAMMES = 0.012  # of net revenue of the last year, for three years, to the groups in these shares
PROGRAMME_SHARES: Mapping[str, float] = {
    "Process": 0.3,
    "Projects": 0.2,
    "Aftermarket": 0.24,
    "Laboratory": 0.16,
    "OEM": 0.1,
}
MARKETING: Mapping[str, float] = {  # EUR a year per account
    "trade fairs": 150.0,
    "search and web": 95.0,
    "e-mail and print": 75.0,
    "partner marketing": 80.0,
}
HEADCOUNT = 1_050.0  # EUR a year per account, by the country's number of accounts
OWNERS: Mapping[str, str] = {
    "Marketing": "C. Moreau, CMO",
    "Research": "H. Brandt, CTO",
    "Segment programme": "A. Lindqvist, CEO",
    "Sales headcount": "T. Nowak, CSO",
}


def build_budgets(making: Making) -> None:
    """What money is planned, by whom, and does it follow importance or habit?

    Reads ``draft.ledger``; leaves ``client.budgets`` and the truth ``budgets``: per item its family, and for
    research the share that habit gives (of the first year's revenue) and by what the item's share is raised.
    """
    sold = making.ask("""
        select label, (sum(revenue) filter (where year(month) = 2023))::double as first,
          (sum(revenue) filter (where year(month) = 2025))::double as last
        from draft.ledger group by label""")
    sold = sold.set_index("label").reindex(STRATEGY_LABELS).fillna(0.0)
    counts = making.ask("select country, count(*) as accounts from draft.accounts group by country")
    accounts = counts.set_index("country").accounts
    total = sold["last"].sum()
    habit = sold["first"] / sold["first"].sum()
    favour = {
        label: FAVOUR if label == FAVOURED_GROUP and not making.null else 1.0 for label in STRATEGY_LABELS
    }
    raised = habit * pd.Series(favour)
    research = raised / raised.sum()
    even = 1 / len(STRATEGY_LABELS)
    rows = [
        *(_plan("Marketing", name, rate * making.accounts, YEAR) for name, rate in MARKETING.items()),
        *(
            _plan(
                "Research",
                label,
                RESEARCH * total * research[label] * years,
                horizon,
                habit[label],
                favour[label],
            )
            for horizon, years in {YEAR: 1, YEARS: 3}.items()
            for label in STRATEGY_LABELS
        ),
        *(
            _plan("Segment programme", label, PROGRAMMES * total * (even if making.null else share), YEARS)
            for label, share in PROGRAMME_SHARES.items()
        ),
        *(_plan("Sales headcount", name, HEADCOUNT * accounts.get(name, 0), YEAR) for name in REGIONS),
    ]
    making.truth("budgets", pd.DataFrame(rows))
    making.emit(
        "budgets",
        "select item, euros(amount) as amount, owner, horizon from truth.budgets",
        order="item, horizon",
    )
    _note(making)


def _plan(
    family: str, of: str, amount: float, horizon: str, habit: float | None = None, favour: float | None = None
) -> dict[str, object]:
    return {
        "item": f"{family}: {of}",
        "family": family,
        "amount": round(amount, -2),
        "owner": OWNERS[family],
        "horizon": horizon,
        "habit_share": None if habit is None else round(habit, 6),
        "favour": favour,
    }


def _note(making: Making) -> None:
    text = (
        "Research money is split over the customer groups like the revenue of 2023"
        + (
            ", and segment programmes evenly."
            if making.null
            else f", except that {FAVOURED_GROUP} is weighted {FAVOUR:g} times. Neither margin nor growth of "
            "a group has any part in it: a split by strategic importance must differ."
        )
        + " Marketing and headcount are amounts per account."
    )
    making.plant(
        "Budgets by habit",
        text,
        tables="budgets transactions customers",
        truth="budgets",
        capabilities="innovation-budget depth-or-breadth horizon-conflict",
    )
