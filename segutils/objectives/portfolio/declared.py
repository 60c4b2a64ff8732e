"""What owners of budgets say that money brings back, as arrays; and the futures in which plans are tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words
from segutils.objectives.portfolio.investments import EXPECTED, draw_ceilings, list_futures
from segutils.statistics.responses import return_a_year


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Responses of some budgets as arrays, budget x group; where nothing is stated the ceiling is 0.

    Parameters
    ----------
    budgets, groups : tuple of str
    money, price : numpy.ndarray
        Amount of each budget, and the present value of one unit of it.
    stated : numpy.ndarray of bool
        Whether somebody stated a response.
    ceiling, half_at, min_amount : numpy.ndarray
    worth : numpy.ndarray
        Present value of one unit of yearly margin.
    """

    budgets: tuple[str, ...]
    groups: tuple[str, ...]
    money: np.ndarray
    price: np.ndarray
    stated: np.ndarray
    ceiling: np.ndarray
    half_at: np.ndarray
    min_amount: np.ndarray
    worth: np.ndarray

    def value(self, amounts: np.ndarray, ceiling: np.ndarray | None = None) -> np.ndarray:
        """Present value of a plan (budget x group) less its money; `ceiling` … x budget x group.

        Money below the smallest amount with which something is begun brings nothing.
        """
        top = self.ceiling if ceiling is None else ceiling
        begun = np.where(amounts >= self.min_amount * (1 - 1e-9), amounts, 0.0)
        gain = self.worth * return_a_year(begun, ceiling=top, half_at=self.half_at)
        return gain.sum(axis=(-2, -1)) - (self.price[:, None] * amounts).sum()

    def keep(self, groups: Sequence[str]) -> Declared:
        """The same for some of the groups."""
        columns = [self.groups.index(group) for group in groups]
        names = ("stated", "ceiling", "half_at", "min_amount", "worth")
        kept = {name: getattr(self, name)[:, columns] for name in names}
        return replace(self, groups=tuple(groups), **kept)


@dataclass(frozen=True, kw_only=True)
class States:
    """Futures in which plans are tried: scenarios times draws of the ceilings.

    Parameters
    ----------
    names : tuple of str
        Scenarios that can come, and what is expected otherwise.
    probability : numpy.ndarray
        Of each; they make 1.
    stated : bool
        Whether the probabilities were stated; otherwise all are equal.
    ceiling : numpy.ndarray
        scenario x draw x budget x group.
    """

    names: tuple[str, ...]
    probability: np.ndarray
    stated: bool
    ceiling: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Probability of each state, scenario x draw; together 1."""
        draws = self.ceiling.shape[1]
        return np.repeat(self.probability[:, None] / draws, draws, axis=1)

    @property
    def mean(self) -> np.ndarray:
        """Ceilings on average over all futures, budget x group: what a plan's expected value hangs on."""
        return np.tensordot(self.weights, self.ceiling, axes=2)

    def first(self, draws: int) -> States:
        """The same with some of the draws."""
        return replace(self, ceiling=self.ceiling[:, :draws])


def read_declared(
    investments: pd.DataFrame, budgets: pd.DataFrame, *, groups: Sequence[str] | None = None
) -> Declared | None:
    """Which money may be divided, and what does it bring back in each group, as its owners say?

    Parameters
    ----------
    investments : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.investments.build_investments`.
    budgets : pandas.DataFrame
        ``item, amount`` of the question.
    groups : sequence of str, optional
        The groups planned with; responses of others are not used.

    Returns
    -------
    Declared or None
        None where no response is stated for any of the budgets. Budgets without a response are left out.
    """
    own = investments if groups is None else investments[investments.group.isin(list(groups))]
    if own.empty:
        return None
    names = [item for item in budgets.item if item in set(own.budget)]
    who = list(dict.fromkeys(own.group))

    def spread(column: str, empty: float) -> np.ndarray:
        wide = own.pivot(index="budget", columns="group", values=column).astype(float)
        return wide.reindex(index=names, columns=who).fillna(empty).to_numpy(dtype=float)

    return Declared(
        budgets=tuple(names),
        groups=tuple(who),
        money=budgets.set_index("item").amount.astype(float)[names].to_numpy(),
        price=own.drop_duplicates("budget").set_index("budget").price.astype(float)[names].to_numpy(),
        stated=np.isfinite(spread("ceiling", np.nan)),
        ceiling=spread("ceiling", 0.0),
        half_at=spread("half_at", 1.0),
        min_amount=spread("min_amount", 0.0),
        worth=spread("worth", 0.0),
    )


def draw_states(
    declared: Declared, investments: pd.DataFrame, scenarios: pd.DataFrame, *, draws: int, seed: int
) -> States:
    """In which futures are plans tried?

    Ceilings are drawn between the lowest and the highest that their owner thinks possible, from a triangle
    whose peak is the ceiling expected, each independently of the others; the same draws in every scenario,
    whose factors multiply them. What the stated probabilities leave to 1 is the future expected; where one is
    missing, all futures count the same. A future that cannot come is not among them.

    Parameters
    ----------
    declared : Declared
        From :func:`read_declared` on the same `investments`.
    investments : pandas.DataFrame
    scenarios : pandas.DataFrame
        ``scenario, means, group, factor, probability``.
    draws : int
    seed : int

    Returns
    -------
    States

    Raises
    ------
    InputError
        The probabilities are more than 1.
    """
    drawn = draw_ceilings(investments, draws=draws, seed=seed)
    ceilings = list_futures(investments.assign(ceiling=1.0), scenarios).to_numpy(dtype=float)  # factors
    row = investments.budget.map({name: n for n, name in enumerate(declared.budgets)})
    column = investments.group.map({name: n for n, name in enumerate(declared.groups)})
    used = (row.notna() & column.notna()).to_numpy()
    place = (row[used].astype(int).to_numpy(), column[used].astype(int).to_numpy())
    spread = np.zeros((len(ceilings), draws, *declared.ceiling.shape))
    spread[:, :, *place] = (drawn[None] * ceilings[:, None, :])[:, :, used]
    listed = scenarios.drop_duplicates("scenario")
    probability, stated = _read_probabilities(listed)
    can = probability > 0
    names = tuple(name for name, may in zip((EXPECTED, *listed.scenario), can, strict=True) if may)
    return States(names=names, probability=probability[can], stated=stated, ceiling=spread[can])


def _read_probabilities(scenarios: pd.DataFrame) -> tuple[np.ndarray, bool]:
    """Of the future expected and each scenario, and whether somebody stated them."""
    stated = bool(scenarios.probability.notna().all())
    if not stated:
        return np.full(len(scenarios) + 1, 1 / (len(scenarios) + 1)), False
    total = float(scenarios.probability.sum())
    if total > 1 + 1e-9:
        raise InputError(
            f"the probabilities of {join_words(list(scenarios.scenario))} make {total:g}",
            where="engagement file, scenarios",
            fix="they may make 1 at most; what is left is the future expected",
        )
    return np.append(max(1 - total, 0.0), scenarios.probability.to_numpy(dtype=float)), True
