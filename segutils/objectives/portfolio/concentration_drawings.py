"""Drawings of ``concentration``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value
from segutils.objectives.portfolio.concentration_measures import Book
from segutils.objectives.portfolio.concentration_words import COVERED, name_top

MOST, OTHERS = 6, "All others"


def draw_shares(measured: pd.DataFrame, book: Book, targets: Mapping[str, float]) -> tuple[Figure, ...]:
    """Shares of the groups by year; the smallest of many together."""
    sums = book.sum_groups(book.revenue).clip(min=0)
    shares = sums / sums.sum(axis=0)
    order = np.argsort(-shares[:, -1], kind="stable")
    named, rest = (order, []) if len(order) <= MOST + 1 else (order[:MOST], order[MOST:])
    rows = [(year, book.groups[n], shares[n, k]) for n in named for k, year in enumerate(book.years)]
    rows += [(year, OTHERS, shares[rest, k].sum()) for k, year in enumerate(book.years) if len(rest)]
    data = pd.DataFrame(rows, columns=["year", "group", "share"])
    first, last = (format_value(shares[order[0], k], "share") for k in (0, -1))
    row = measured.set_index("measure").loc["top_share"]
    of = "revenue" if book.covered > COVERED else "the revenue that is in a group"
    title = f"{book.groups[order[0]]} makes {last} of {of}"
    if len(book.years) > 1:
        moved = row.change_low > 0 or row.change_high < 0
        chance = "" if moved else ", not a change beyond chance"
        title += f", against {first} in {book.years[0]}{chance}"
    if "top_share" in targets:
        title += f"; at most {format_value(targets['top_share'], 'share:0')} is wanted"
    common = {
        "data": data,
        "y": "share",
        "title": title[:1].upper() + title[1:],
        "alt": "; ".join(f"{r.group} {r.year}: {format_value(r.share, 'share')}" for r in data.itertuples()),
        "formats": {"share": "share:0"},
        "highlight": book.groups[order[0]],
    }
    if len(book.years) == 1:
        subtitle = f"Customers in groups, {book.years[0]}, share of net revenue"
        return (Figure(kind="bar", x="group", subtitle=subtitle, **common),)
    return (
        Figure(
            kind="column",
            x="year",
            series="group",
            stacked=True,
            subtitle="Customers in groups, by year of four quarters, share of net revenue",
            caption="The largest group of the last year stands at the bottom.",
            **common,
        ),
    )


def draw_losses(losses: pd.DataFrame, book: Book, floor: float) -> tuple[Figure, ...]:
    """EBITDA as a share of the revenue left, after each loss."""
    data = losses[losses.rate.notna()]
    if data.empty:
        return ()
    below = data[data.rate < floor].loss.tolist() if np.isfinite(floor) else []
    top = name_top(book)
    rate = format_value(data.set_index("loss").rate[top], "share:0")
    if below:
        title = f"EBITDA falls below the floor with the loss of {below[0]}; without {top} alone it is {rate}"
    elif np.isfinite(floor):
        title = f"No single loss takes EBITDA below the floor: without {top} it is {rate}"
    else:
        title = f"Without {top} EBITDA is {rate} of the revenue left"
    named = data.assign(loss=[f"Without {text}" for text in data.loss])
    return (
        Figure(
            kind="bar",
            data=named[["loss", "rate", "rate_low", "rate_high"]].reset_index(drop=True),
            x="loss",
            y="rate",
            low="rate_low",
            high="rate_high",
            title=title,
            subtitle=f"Company, {book.years[-1]}, EBITDA as a share of the revenue left after a loss "
            "of customers",
            alt="; ".join(f"{r.loss}: {format_value(r.rate, 'share')}" for r in named.itertuples()),
            caption="Costs that do not go away with customers stay. Lines are the middle 90 % of "
            "other samples of the "
            "customers, where a group is lost.",
            formats=dict.fromkeys(("rate", "rate_low", "rate_high"), "share"),
            reference=floor if np.isfinite(floor) else None,
            reference_label="floor" if np.isfinite(floor) else "",
            highlight=f"Without {below[0]}" if below else f"Without {top}",
        ),
    )
