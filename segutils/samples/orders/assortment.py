"""What the simulated manufacturer sells: 124 products in nine categories, with list prices and unit costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from segutils.samples.making import Making

INSTRUMENTS, LABORATORY = "Process Instruments", "Laboratory & Services"


@dataclass(frozen=True, kw_only=True)
class Category:
    """A category: number of products, median list price, spread of its log, unit cost as share of list."""

    name: str
    products: int
    price: float
    spread: float
    cost: float
    lines: tuple[str, ...]
    unit: str = INSTRUMENTS


CATEGORIES = (
    Category(
        name="Flow", products=18, price=2400, spread=0.5, cost=0.44, lines=("Coriolis", "Magnetic", "Vortex")
    ),
    Category(
        name="Pressure", products=20, price=320, spread=0.35, cost=0.42, lines=("Transmitters", "Gauges")
    ),
    Category(name="Level", products=12, price=1500, spread=0.4, cost=0.45, lines=("Radar", "Ultrasonic")),
    Category(
        name="Temperature",
        products=14,
        price=210,
        spread=0.35,
        cost=0.4,
        lines=("Thermocouples", "Resistance"),
    ),
    Category(name="Analytics", products=10, price=1900, spread=0.4, cost=0.43, lines=("Gas", "Liquid")),
    Category(
        name="Laboratory",
        products=16,
        price=640,
        spread=0.5,
        cost=0.46,
        lines=("Balances", "Spectrometry"),
        unit=LABORATORY,
    ),
    Category(
        name="Spare parts", products=18, price=64, spread=0.6, cost=0.34, lines=("Seals", "Electronics")
    ),
    Category(
        name="Calibration",
        products=6,
        price=380,
        spread=0.3,
        cost=0.5,
        lines=("On site", "Laboratory"),
        unit=LABORATORY,
    ),
    Category(
        name="Pneumatics",
        products=10,
        price=150,
        spread=0.35,
        cost=0.74,
        lines=("Positioners", "Controllers"),
    ),
)
FIRST_LAUNCH, LAUNCH_YEARS = date(2004, 1, 1), 18


def build_products(making: Making) -> None:
    """What does the client sell?

    Leaves ``client.products`` and ``draft.products``: the same with ``popularity`` (its share of the lines of
    its category; one product in four sells more than all others together).
    """
    rng = making.rng("products")
    frames = [_draw_category(category, rng) for category in CATEGORIES]
    products = pd.concat(frames, ignore_index=True)
    products.insert(0, "product_id", [f"P{number:03d}" for number in range(1, len(products) + 1)])
    making.draft("products", products)
    making.emit(
        "products",
        """select product_id, category, product_line, brand, business_unit,
        list_price::decimal(18, 2) as list_price, unit_cost::decimal(18, 2) as unit_cost, launched_on
        from draft.products""",
        order="product_id",
    )


def _draw_category(category: Category, rng: np.random.Generator) -> pd.DataFrame:
    count = category.products
    # evenly spread quantiles rather than free draws: the category's price level is as stated at any seed
    quantiles = (np.arange(count) + 0.5) / count
    price = category.price * np.exp(category.spread * 1.6 * (quantiles - 0.5) * 2)
    price = np.round(rng.permutation(price), 0)
    cost = price * category.cost * rng.uniform(0.94, 1.06, count)
    weight = 1 / np.arange(1, count + 1)
    launched = [
        FIRST_LAUNCH + timedelta(days=int(d)) for d in rng.integers(0, 365 * LAUNCH_YEARS, size=count)
    ]
    return pd.DataFrame(
        {
            "category": category.name,
            "product_line": [category.lines[i % len(category.lines)] for i in range(count)],
            "brand": np.where(rng.random(count) < 0.82, "Halden", "Partner brand"),
            "business_unit": category.unit,
            "list_price": price,
            "unit_cost": np.round(cost, 2),
            "launched_on": launched,
            "popularity": weight / weight.sum(),
        }
    )
