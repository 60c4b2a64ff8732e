"""Companies that the client could buy: a bargain, a large one of little worth, one that brings nobody new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.samples.customers.accounts import STRATEGY_LABELS
from segutils.samples.making import Making

YEARS = 5  # of gain that the price is held against
RISK_DISCOUNT = 0.08  # of the gain, per point of integration risk above 1
BEST, DECOY, OVERLAPPING = "best", "decoy", "overlap"
# who is behind a customer group; behind the decoy's Aftermarket customers stands the segment to be retired
BEHIND: Mapping[str, str] = {
    "Process": "majors",
    "Projects": "projects",
    "Aftermarket": "maintenance",
    "Laboratory": "labs",
    "OEM": "builders",
}
BEHIND_DECOY = {**BEHIND, "Aftermarket": "legacy"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A company that could be bought; its price and revenue follow from what it brings.

    Parameters
    ----------
    name, country : str
    back : float
        Planted: what the client gets back in `YEARS` years for a euro of the price asked.
    customers : float
        Number of its customers, per account of the client.
    overlap : float
        Share of them who are the client's already.
    mix : tuple of float
        Shares of its customers by strategic group, in the order of ``STRATEGY_LABELS``.
    risk : int
        Of integration, 1 to 5.
    growth, margin : float
        Its own, a year.
    multiple : float
        Price asked over its revenue.
    role : str
    """

    name: str
    country: str
    back: float
    customers: float
    overlap: float
    mix: tuple[float, float, float, float, float]
    risk: int
    growth: float
    margin: float
    multiple: float
    role: str = ""


TARGETS = (
    Target(
        name="Varell Analytik",
        country="Germany",
        back=1.6,
        customers=0.024,
        overlap=0.1,
        mix=(0.52, 0.08, 0.08, 0.26, 0.06),
        risk=2,
        growth=0.09,
        margin=0.17,
        multiple=1.3,
        role=BEST,
    ),
    Target(  # many customers, much revenue, but those of the segment that is to be retired
        name="Grupo Tarsano",
        country="Spain",
        back=0.45,
        customers=0.16,
        overlap=0.06,
        mix=(0.0, 0.0, 0.96, 0.04, 0.0),
        risk=3,
        growth=-0.11,
        margin=0.05,
        multiple=0.9,
        role=DECOY,
    ),
    Target(  # looks like the best one, until one sees who its customers are
        name="Ebersol Messtechnik",
        country="Germany",
        back=0.5,
        customers=0.03,
        overlap=0.74,
        mix=(0.58, 0.08, 0.06, 0.22, 0.06),
        risk=1,
        growth=0.08,
        margin=0.18,
        multiple=1.2,
        role=OVERLAPPING,
    ),
    Target(
        name="Lumetra",
        country="France",
        back=1.3,
        customers=0.02,
        overlap=0.08,
        mix=(0.34, 0.06, 0.1, 0.44, 0.06),
        risk=2,
        growth=0.07,
        margin=0.14,
        multiple=1.2,
    ),
    Target(
        name="Zakład Pomiarowy Wierno",
        country="Poland",
        back=1.22,
        customers=0.018,
        overlap=0.05,
        mix=(0.3, 0.24, 0.2, 0.1, 0.16),
        risk=3,
        growth=0.06,
        margin=0.12,
        multiple=1.0,
    ),
    Target(
        name="Odense Flowteknik",
        country="Denmark",
        back=1.14,
        customers=0.012,
        overlap=0.12,
        mix=(0.4, 0.2, 0.12, 0.08, 0.2),
        risk=2,
        growth=0.04,
        margin=0.15,
        multiple=1.3,
    ),
    Target(
        name="Sensorik Halwang",
        country="Austria",
        back=1.08,
        customers=0.016,
        overlap=0.18,
        mix=(0.1, 0.06, 0.14, 0.1, 0.6),
        risk=2,
        growth=0.05,
        margin=0.11,
        multiple=1.1,
    ),
    Target(
        name="Ateliers Bressac",
        country="France",
        back=1.01,
        customers=0.01,
        overlap=0.09,
        mix=(0.12, 0.5, 0.2, 0.04, 0.14),
        risk=3,
        growth=0.03,
        margin=0.1,
        multiple=1.0,
    ),
    Target(
        name="Calibra Ibérica",
        country="Spain",
        back=0.94,
        customers=0.03,
        overlap=0.14,
        mix=(0.12, 0.04, 0.24, 0.54, 0.06),
        risk=2,
        growth=0.06,
        margin=0.13,
        multiple=1.2,
    ),
    Target(
        name="Nordtherm",
        country="Sweden",
        back=0.88,
        customers=0.014,
        overlap=0.1,
        mix=(0.2, 0.12, 0.28, 0.1, 0.3),
        risk=4,
        growth=0.02,
        margin=0.09,
        multiple=1.1,
    ),
    Target(
        name="Misura Valtellina",
        country="Italy",
        back=0.81,
        customers=0.02,
        overlap=0.04,
        mix=(0.16, 0.1, 0.22, 0.12, 0.4),
        risk=5,
        growth=0.04,
        margin=0.1,
        multiple=1.0,
    ),
    Target(
        name="Kessel & Rohde",
        country="Germany",
        back=0.75,
        customers=0.012,
        overlap=0.3,
        mix=(0.36, 0.16, 0.3, 0.06, 0.12),
        risk=3,
        growth=0.0,
        margin=0.08,
        multiple=0.9,
    ),
    Target(
        name="Vlaamse Drukmeting",
        country="Belgium",
        back=0.68,
        customers=0.015,
        overlap=0.16,
        mix=(0.14, 0.08, 0.4, 0.08, 0.3),
        risk=4,
        growth=0.01,
        margin=0.07,
        multiple=0.9,
    ),
    Target(
        name="Silesia Automatyka",
        country="Poland",
        back=0.61,
        customers=0.035,
        overlap=0.22,
        mix=(0.08, 0.06, 0.56, 0.06, 0.24),
        risk=4,
        growth=-0.02,
        margin=0.06,
        multiple=0.8,
    ),
)
ALIKE = {  # the null client's companies differ by name and country only
    "back": 1.0,
    "customers": 0.02,
    "overlap": 0.1,
    "mix": (0.2, 0.2, 0.2, 0.2, 0.2),
    "risk": 3,
    "growth": 0.03,
    "margin": 0.12,
    "multiple": 1.1,
}
FEWEST = 10  # customers of a company


def build_acquisitions(making: Making) -> None:
    """Which company brings most for its price?

    Gain a year = customers × (1 − overlap_customers) × Σ over groups (share × contribution margin of 2025 per
    customer of that group who ordered in 2025) × (1 − 0.08 × (integration_risk − 1)). What comes back of a
    euro is 5 × gain / price_asked, and companies rank by that. Prices are set so that it is as planted.

    Reads ``draft.ledger``, ``draft.buyers`` and ``truth.cost_to_serve``; leaves
    ``client.acquisition_targets`` and the truth ``acquisitions``, which has the gain after cost to serve too:
    of the true segments behind the groups.
    """
    targets = (
        [Target(name=t.name, country=t.country, **ALIKE) for t in TARGETS] if making.null else [*TARGETS]
    )
    ids = making.rng("acquisitions").permutation(len(targets)) + 1
    margins = _list_margins(making)
    after_serving = _list_margins_after_serving(making)
    rows = [
        _value(target, f"T{number:02d}", making, margins, after_serving)
        for target, number in zip(targets, ids, strict=True)
    ]
    frame = pd.DataFrame(rows)
    making.draft("targets", frame)
    shares = ", ".join(f"share_{label.lower()}" for label in STRATEGY_LABELS)
    making.emit(
        "acquisition_targets",
        f"""select target_id, name, country, euros(revenue) as revenue, growth, margin,
        euros(price_asked) as price_asked, customers, overlap_customers, {shares}, integration_risk
        from draft.targets""",
        order="target_id",
    )
    making.truth(
        "acquisitions",
        """select target_id, name, role, back, rank() over (order by back desc)::int as expected_rank,
        euros(gain) as gain, euros(gain_after_serving) as gain_after_serving
        from draft.targets order by target_id""",
    )
    making.run("drop table draft.targets")
    _note(making, frame.set_index("role"))


def _list_margins(making: Making) -> dict[str, float]:
    """Contribution margin per buying customer of each strategic group in the last year."""
    margins = making.ask("""
        with earned as (
          select label, sum(revenue - cost) as margin from draft.ledger where year(month) = 2025
          group by label
        ), bought as (
          select label, sum(buyers) as buyers from draft.buyers group by label
        )
        select label, margin::double / buyers as margin from earned join bought using (label)""")
    return {label: 0.0 for label in STRATEGY_LABELS} | dict(zip(margins.label, margins.margin, strict=True))


def _list_margins_after_serving(making: Making) -> dict[str, float]:
    """The same after cost to serve, of each true segment."""
    margins = making.ask("""
        with bought as (
          select segment, sum(buyers) as buyers from draft.buyers group by segment
        )
        select segment, cm2::double / buyers as margin from truth.cost_to_serve join bought using (segment)
        where year = 2025""")
    return dict(zip(margins.segment, margins.margin, strict=True))


def _value(
    target: Target,
    target_id: str,
    making: Making,
    margins: Mapping[str, float],
    after_serving: Mapping[str, float],
) -> dict[str, object]:
    """What a company brings a year, the price that makes it come back as planted, and the rest of its row."""
    behind = BEHIND_DECOY if target.role == DECOY else BEHIND
    customers = max(FEWEST, round(target.customers * making.accounts))
    won = customers * (1 - target.overlap) * (1 - RISK_DISCOUNT * (target.risk - 1))
    mix = dict(zip(STRATEGY_LABELS, target.mix, strict=True))
    gain = won * sum(share * margins[label] for label, share in mix.items())
    truly = sum(
        share * after_serving.get("everyone" if making.null else behind[label], 0.0)
        for label, share in mix.items()
    )
    price = np.round(YEARS * gain / target.back, -3)
    return {
        "target_id": target_id,
        "name": target.name,
        "country": target.country,
        "revenue": np.round(price / target.multiple, -3),
        "growth": target.growth,
        "margin": target.margin,
        "price_asked": price,
        "customers": customers,
        "overlap_customers": target.overlap,
        **{f"share_{label.lower()}": share for label, share in mix.items()},
        "integration_risk": target.risk,
        "role": target.role,
        "back": target.back,
        "gain": round(gain, 2),
        "gain_after_serving": round(won * truly, 2),
    }


def _note(making: Making, targets: pd.DataFrame) -> None:
    if making.null:
        text = "All companies are alike but for name and country: none is better than another."
    else:
        best, decoy, double = (targets.loc[role] for role in (BEST, DECOY, OVERLAPPING))
        text = (
            f"{best['name']} brings most for its price: {best.back:g} EUR come back in {YEARS} years for "
            f"each one asked. {decoy['name']} has the most customers and revenue, but they are those of the "
            f"segment to be retired: {decoy.gain:,.0f} EUR a year at the Aftermarket's margin, "
            f"{decoy.gain_after_serving:,.0f} after what it costs to serve them. {double['name']} has the "
            f"best customers, {double.overlap_customers:.0%} of whom are the client's already. The ranking "
            f"follows from customers × (1 − overlap) × margin per customer by group × (1 − {RISK_DISCOUNT} × "
            "(risk − 1)) over the price."
        )
    making.plant(
        "Companies that could be bought",
        text,
        tables="acquisition_targets transactions customers",
        truth="acquisitions",
        capabilities="acquisition-screen",
    )
