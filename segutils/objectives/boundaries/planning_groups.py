"""The groups with which goals and money are planned, until validated segments take their place."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Finding
from segutils.objectives.boundaries.base_evidence import BaseEvidence
from segutils.objectives.boundaries.group_rules import Grouping
from segutils.objectives.boundaries.groupings import MAX_GROUPS, group_column

FIRST = ("strategy_segment", "sales_segment")
ALL = "All customers"
COLUMNS = ["customer_id", "group", "grouping"]


def build_planning_groups(
    customers: ir.Table,
    evidence: BaseEvidence | None = None,
    bases: Sequence[str] = (),
    *,
    plan_by: str = "",
    protected: Sequence[str] = (),
    max_groups: int = 8,
    of_first_period: bool = False,
) -> pd.DataFrame:
    """Into which groups are customers put when goals and budgets are planned?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and the column to plan by.
    evidence : BaseEvidence, optional
        From :func:`~segutils.objectives.boundaries.base_evidence.measure_bases`.
    bases : sequence of str
        Those that tell something, the recommended (or the client's own) first; see :func:`rank_bases`.
    plan_by : str
        A column of customers, or a grouping of `evidence`. Empty: ``strategy_segment``, else
        ``sales_segment``; else the grouping that tells most among those of the first base that are known at
        first contact, then of the next base; else the grouping that tells most of the first base; else all
        customers are one group.
    protected : sequence of str
        Columns that must not shape groups.
    max_groups : int
        A grouping of `evidence` with more groups is not planned with unless it is named.
    of_first_period : bool
        Groups by behaviour are those of the last period, as one plans with them. True: of the one before, as
        they are judged by what came after.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, group`` (spelling harmonised; numbers in bands), ``grouping`` (the same in all rows),
        by customer_id; customers without a value have no row.

    Raises
    ------
    InputError
        `plan_by` names no column of customers, a protected one, or one that parts nobody.
    """
    made = {} if evidence is None else {grouping.name: grouping for grouping in evidence.all}
    if plan_by in protected:
        raise _refuse(f"'{plan_by}' is protected and must not shape groups", "name another column")
    if plan_by and plan_by not in customers.columns and plan_by not in made:
        fix = f"name one of {', '.join([*customers.columns, *made])}, or leave it empty"
        raise _refuse(f"customers have no column '{plan_by}'", fix)
    names = [plan_by] if plan_by else [name for name in FIRST if name in customers.columns]
    for name in names:
        own = name in customers.columns
        groups = _read_column(customers, name) if own else _read_made(made[name], of_first_period)
        if groups is not None:
            return _tabulate(groups, name)
        if plan_by:
            raise _refuse(
                f"'{plan_by}' parts customers into one group only, or into more than {MAX_GROUPS}",
                f"name a column with two to {MAX_GROUPS} values",
            )
    chosen = _choose(evidence, bases, max_groups=max_groups)
    if chosen is not None:
        return _tabulate(_read_made(chosen, of_first_period), chosen.name)
    ids = customers.select("customer_id").distinct().to_pandas().customer_id
    return _tabulate(pd.Series(ALL, index=pd.Index(sorted(ids), name="customer_id")), "all")


def rank_bases(finding: Finding) -> list[str]:
    """The bases to plan with, in order: what holds, then the others by score; what tells nothing never.

    Parameters
    ----------
    finding : Finding
        Of ``base-choice``.
    """
    if finding.decision is None:
        return []
    options = finding.decision.options
    scored = options.loc[options.score.notna(), "option"].tolist()
    return [finding.decision.choice, *[base for base in scored if base != finding.decision.choice]]


def list_planning_groups(planning_groups: pd.DataFrame, customers: ir.Table) -> pd.DataFrame:
    """How many customers are in each group, and how many in none?

    Returns
    -------
    pandas.DataFrame
        ``grouping, group, customers, share`` (0-1 of all), largest first; then a row for each of the client's
        own groupings that has one value or too many to plan by, and one for customers without a value, who
        are in no group.
    """
    total = int(customers.select("customer_id").nunique().to_pyarrow().as_py())
    table = planning_groups.groupby(["grouping", "group"]).size().rename("customers").reset_index()
    table = table.sort_values(["customers", "group"], ascending=[False, True], ignore_index=True)
    for name in FIRST:
        values = int(customers[name].nunique().to_pyarrow().as_py()) if name in customers.columns else 2
        if name not in set(table.grouping) and not 2 <= values <= MAX_GROUPS:
            table.loc[len(table)] = [name, f"not planned by: {values:,} values", 0]
    if (left := total - len(planning_groups)) > 0:
        grouping = planning_groups.grouping.iloc[0] if len(planning_groups) else ""
        table.loc[len(table)] = [grouping, "in no group: no value", left]
    return table.assign(share=table.customers / max(total, 1))


def name_grouping(planning_groups: pd.DataFrame, evidence: BaseEvidence | None = None) -> str:
    """What the groups are, for a sentence: ``strategy segment``."""
    name = str(planning_groups.grouping.iloc[0]) if len(planning_groups) else ""
    made = {} if evidence is None else {grouping.name: grouping.words for grouping in evidence.all}
    return made.get(name, name.replace("_", " "))


def name_rule(
    planning_groups: pd.DataFrame, customers: ir.Table, evidence: BaseEvidence | None = None
) -> str:
    """By which rule the playbook made the groups; empty where they are values of a column of customers."""
    own = planning_groups.empty or planning_groups.grouping.iloc[0] in customers.columns
    return "" if own else name_grouping(planning_groups, evidence)


def _read_column(customers: ir.Table, name: str) -> pd.Series | None:
    people = customers.select("customer_id", name).to_pandas().drop_duplicates("customer_id")
    made = group_column(people.set_index("customer_id").sort_index()[name], base="", min_customers=1)
    return None if made is None else made.groups


def _read_made(grouping: Grouping, of_first_period: bool) -> pd.Series:
    if of_first_period or grouping.groups_next is None:
        return grouping.groups
    return grouping.groups_next


def _choose(evidence: BaseEvidence | None, bases: Sequence[str], *, max_groups: int) -> Grouping | None:
    """The grouping that tells most: known at first contact first, then that of the recommended base."""
    if evidence is None:
        return None
    tried = evidence.groupings[evidence.groupings.groups <= max_groups]
    told = tried[["explained_margin", "explained_retention"]].fillna(0.0).mean(axis=1)
    tried = tried.assign(told=told).sort_values("told", ascending=False, kind="stable")
    tried = tried[tried.told > 0]
    wanted = [tried[(tried.base == base) & tried.at_first_contact] for base in bases]
    wanted += [tried[tried.base == base] for base in bases]
    name = next((part.grouping.iloc[0] for part in wanted if len(part)), None)
    return next((grouping for grouping in evidence.all if grouping.name == name), None)


def _tabulate(groups: pd.Series, grouping: str) -> pd.DataFrame:
    table = groups.rename("group").rename_axis("customer_id").reset_index().sort_values("customer_id")
    return table.assign(grouping=grouping)[COLUMNS].reset_index(drop=True)


def _refuse(what: str, fix: str) -> InputError:
    return InputError(what, where="1_1_boundaries, parameter plan_by", fix=fix)
