"""Everything that holds for all plans of one question: what money may buy, and what must be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from segutils.objectives.portfolio.investments import build_options, list_limits
from segutils.objectives.portfolio.result_floor import FLOOR, Floor, build_floor, use_floor
from segutils.statistics.allocation import (
    Allocation,
    Drawn,
    Limit,
    Option,
    allocate,
    allocate_draws,
    value_draws,
    value_plan,
)

ROUGH = 1e-5  # exact enough where many plans are compared
CUTS = 200  # steps in which a plan is cut back


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Investments and limits, from which plans are made and by which they are judged.

    Parameters
    ----------
    investments : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.investments.build_investments`.
    limits : tuple of Limit
    uses, gives : mapping of str to numpy.ndarray
        Of limits other than budgets and people, in the order of `investments`.
    """

    investments: pd.DataFrame
    limits: tuple[Limit, ...]
    uses: Mapping[str, np.ndarray] = field(default_factory=dict)
    gives: Mapping[str, np.ndarray] = field(default_factory=dict)

    def options(self) -> list[Option]:
        """What money may be spent on."""
        return build_options(self.investments, self.limits, uses=self.uses, gives=self.gives)

    def solve(
        self,
        *,
        precision: float = 1e-9,
        near: Sequence[float] | None = None,
    ) -> Allocation:
        """The best plan."""
        return allocate(self.options(), self.limits, precision=precision, near=near)

    def solve_draws(
        self,
        *,
        ceilings: np.ndarray | None = None,
        bounds: np.ndarray | None = None,
        precision: float = 1e-9,
        near: Sequence[float] | None = None,
    ) -> Drawn:
        """The best plan in each draw of the ceilings, or of what the limits allow, all at once."""
        return allocate_draws(
            *(self.options(), self.limits), ceilings=ceilings, bounds=bounds, precision=precision, near=near
        )

    def judge(self, amounts: Sequence[float]) -> Allocation:
        """What a given plan brings, and what it passes."""
        return value_plan(self.options(), self.limits, amounts)

    def judge_draws(self, amounts: np.ndarray, ceilings: np.ndarray | None = None) -> Drawn:
        """What one plan brings in each draw of the ceilings, or each of several plans."""
        return value_draws(self.options(), self.limits, amounts, ceilings=ceilings)

    def bounds(self, name: str, amounts: Sequence[float]) -> np.ndarray:
        """What the limits allow, with several amounts of one of them: amount x limit."""
        own = [limit.amount if limit.name != name else np.nan for limit in self.limits]
        return np.where(np.isnan(own), np.asarray(amounts, dtype=float)[:, None], own)

    def without(self, names: Sequence[str]) -> Setting:
        """The same without some limits."""
        return replace(self, limits=tuple(limit for limit in self.limits if limit.name not in names))

    def move(self, name: str, amount: float) -> Setting:
        """The same with another amount of one limit."""
        moved = (replace(limit, amount=amount) if limit.name == name else limit for limit in self.limits)
        return replace(self, limits=tuple(moved))

    def cut_back(self, amounts: Sequence[float]) -> np.ndarray:
        """As much of a plan as the limits allow, in its own proportions.

        What falls below the smallest amount with which it is begun is not begun. Zero where nothing of it is
        allowed.
        """
        least = self.investments.min_amount.to_numpy(dtype=float)
        plans = np.outer(np.linspace(1, 0, CUTS + 1), amounts)
        plans = np.where(plans >= least, plans, 0.0)
        kept = (self.judge_draws(plans).left >= 0).all(axis=1)
        return plans[kept.argmax()] if kept.any() else plans[-1]

    def divide(self, shares: pd.DataFrame) -> np.ndarray:
        """Money per option if each budget is divided like this, whether the limits allow it or not.

        Parameters
        ----------
        shares : pandas.DataFrame
            ``budget, group, share``; a budget that is not in it is divided in equal parts.
        """
        money = {limit.name: limit.amount for limit in self.limits}
        known = shares.set_index(["budget", "group"]).share
        own = self.investments
        equal = 1 / own.groupby("budget").group.transform("count")
        found = [
            known.get((budget, group), 0.0) if (shares.budget == budget).any() else part
            for budget, group, part in zip(own.budget, own.group, equal, strict=True)
        ]
        return own.budget.map(money).to_numpy(dtype=float) * np.asarray(found, dtype=float)


def build_setting(
    investments: pd.DataFrame, budgets: pd.DataFrame, thresholds: pd.DataFrame, floor: Floor | None
) -> Setting:
    """What must all plans keep?

    Parameters
    ----------
    investments : pandas.DataFrame
    budgets, thresholds : pandas.DataFrame
        Budgets that no response is stated for are left out; of thresholds those of people count.
    floor : Floor, optional
        Under this year's EBITDA, if it is known.
    """
    limits = list_limits(budgets[budgets["item"].isin(set(investments.budget))], thresholds)
    if floor is None:
        return Setting(investments=investments, limits=tuple(limits))
    uses, gives = use_floor(investments, floor.result, floor.rate)
    return Setting(
        investments=investments,
        limits=(*limits, build_floor(floor.result, floor.rate)),
        uses={FLOOR: uses},
        gives={FLOOR: gives},
    )
