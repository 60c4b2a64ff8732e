"""Groups whose measures are written down, and rules over them."""

import numpy as np
import pandas as pd
import pytest

from segutils.attractiveness.rules import read_rules
from segutils.attractiveness.samples import CUSTOMERS, GroupSamples
from segutils.engagement_terms import Criterion, Rater, Weighting

UNIT = {"market_growth": (0.0, 1.0), "margin_rate": (0.0, 1.0), "win_rate": (0.0, 1.0), "reach": (0.0, 1.0)}


def weigh(**raters):
    """Raters with weights by criterion, or comparisons in pairs beside ``criteria``."""
    criteria = raters.pop("criteria", None) or list(next(iter(raters.values())))
    people = [
        Rater(name=name, weights=given) if isinstance(given, dict) else Rater(name=name, comparisons=given)
        for name, given in raters.items()
    ]
    return Weighting(criteria={name: Criterion(means=name) for name in criteria}, raters=people)


def limit(*lines):
    """``measure, min, max, owner``."""
    table = pd.DataFrame(lines, columns=["measure", "min", "max"])
    return table.astype({"min": float, "max": float}).assign(owner="Ann")


class Cases:
    """Builders, so that a test reads as its table."""

    weigh = staticmethod(weigh)
    limit = staticmethod(limit)
    scales = UNIT

    @staticmethod
    def samples(values: dict[str, list[float]], drawn: list[dict[str, list[float]]] | None = None):
        """Measures by name, one value per group A, B, C …; other samples likewise (by default the same)."""
        measures = tuple(values)
        now = np.array([values[name] for name in measures], dtype=float).T
        others = [{**values, **other} for other in drawn or [{}]]
        redrawn = np.array([[other[name] for name in measures] for other in others], dtype=float)
        names = tuple("ABCDEFGH"[: len(now)])
        return GroupSamples(
            codes=names,
            names=names,
            measures=measures,
            values=now,
            redrawn={CUSTOMERS: redrawn.transpose(0, 2, 1)},
        )

    @staticmethod
    def rules(attractive, competitive, limits=None, *, measures, scales=UNIT, **options):
        limits = limit() if limits is None else limits
        return read_rules(attractive, competitive, limits, measures=list(measures), scales=scales, **options)


@pytest.fixture
def cases() -> type[Cases]:
    return Cases
