"""Protected attributes beside what is known of customers: who has which, and what gives it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.statistics import fairness
from segutils.statistics.multiplicity import adjust_holm

FORMS, DESCRIBES, TOGETHER, SEGMENTS = (
    "forms segments",
    "describes customers",
    "all that forms segments",
    "the segments",
)
PROXY, HINT = 0.7, 0.6  # Hosmer and Lemeshow 2013: from 0.7 on a rule tells acceptably
MANY = 10  # different numbers above which an attribute is cut at its median
OTHER_NUMBERS = ("latitude", "longitude")


@dataclass(frozen=True, kw_only=True)
class People:
    """Customers with purchases, one row each.

    Parameters
    ----------
    table : pandas.DataFrame
        ``customer_id, segment``, protected attributes, features and fields.
    attributes, forms, describes : tuple of str
        Its columns: protected attributes; features that form segments; other fields of customers.
    """

    table: pd.DataFrame
    attributes: tuple[str, ...]
    forms: tuple[str, ...]
    describes: tuple[str, ...]

    def with_segments(self, segments: pd.DataFrame) -> People:
        """The same customers in other segments (``customer_id, segment``)."""
        table = self.table.drop(columns="segment").merge(
            segments[["customer_id", "segment"]], on="customer_id"
        )
        return replace(self, table=table)

    def list_values(self, *, min_customers: int) -> list[tuple[str, str, np.ndarray]]:
        """``attribute, value, has it`` for every value with enough customers on either side.

        Customers of whom the attribute is not known are left out: `has it` is 1, 0 or NaN.
        """
        found = []
        for attribute in self.attributes:
            column = self.table[attribute]
            known = column.notna().to_numpy()
            if pd.api.types.is_bool_dtype(column.dropna().infer_objects()):
                values = {"yes": column.fillna(False).astype(bool).to_numpy()}
            elif pd.api.types.is_numeric_dtype(column) and column.nunique() > MANY:
                values = {"above the median": (column > column.median()).to_numpy()}
            else:
                words = column.astype("str")
                values = {word: (words == word).to_numpy() for word in sorted(words[known].unique())}
            for value, has in values.items():
                if min(has[known].sum(), (~has[known]).sum()) >= min_customers:
                    found.append((attribute, value, np.where(known, has.astype(float), np.nan)))
        return found


def group_attribute(column: pd.Series) -> pd.Series:
    """A protected attribute as groups: yes and no, words, or above and up to the median of many numbers."""
    if pd.api.types.is_bool_dtype(column.dropna().infer_objects()):
        return column.map({True: "yes", False: "no"})
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > MANY:
        sides = np.where(column > column.median(), "above the median", "up to the median")
        return pd.Series(sides, index=column.index).where(column.notna())
    return column.astype("object").where(column.notna()).map(str, na_action="ignore")


def build_people(
    customers: ir.Table,
    features: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    protected: Sequence[str],
    used: Sequence[str],
) -> People:
    """Who has which protected attribute, segment and features?

    Parameters
    ----------
    customers : ibis table
        ``customer_id``, the protected attributes (read for the purpose fairness) and other fields.
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and the features in raw units.
    segments : pandas.DataFrame
        ``customer_id, segment``.
    protected : sequence of str
        Declared in the engagement file.
    used : sequence of str
        Features that form segments.

    Returns
    -------
    People
    """
    fields = [
        name
        for name, kind in customers.schema().items()
        if name not in ("customer_id", *protected, *OTHER_NUMBERS)
        and not name.startswith("consent")
        and (kind.is_string() or kind.is_numeric())
    ]
    attributes = [name for name in protected if name in customers.columns]
    known = customers.select("customer_id", *attributes, *fields).to_pandas()
    known = known.drop_duplicates("customer_id")
    for name in [*attributes, *fields]:
        if customers[name].type().is_decimal():
            known[name] = pd.to_numeric(known[name], errors="coerce").astype(float)
    forms = [name for name in used if name in features.columns]
    known = known.drop(columns=[name for name in forms if name in known.columns])
    described = [name for name in fields if name in known.columns and known[name].nunique() > 1]
    table = features.loc[features.has_purchases.astype(bool), ["customer_id", *forms]]
    table = table.merge(segments[["customer_id", "segment"]], on="customer_id").merge(
        known, on="customer_id", how="left"
    )
    return People(
        table=table,
        attributes=tuple(attributes),
        forms=tuple(forms),
        describes=tuple(described),
    )


def score_proxies(
    people: People,
    *,
    min_customers: int = 30,
    min_auc: float = PROXY,
    max_p: float = 0.05,
    permutations: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """What gives a protected attribute away?

    Parameters
    ----------
    people : People
    min_customers : int
        Fewest customers with and without a value.
    min_auc : float
        From which area under the curve (0.5 chance, 1 certain) a field is a proxy.
    max_p : float
        Largest p-value, after Holm's adjustment over everything tested for the same value.
    permutations, seed : int

    Returns
    -------
    pandas.DataFrame
        ``attribute, value, field, role`` (forms segments, describes customers, all that forms segments, the
        segments), ``customers, auc, p_value, reading`` (proxy, hint, no). Cross-validated in five folds;
        `all that forms segments` is a random forest.
    """
    rows = []
    for attribute, value, has in people.list_values(min_customers=min_customers):
        known = np.isfinite(has)
        part, truth = people.table[known], has[known].astype(bool)
        settings = {"permutations": permutations, "seed": seed}
        tested = [
            (name, role, fairness.predict_from_field(part[name], truth, **settings))
            for role, names in ((FORMS, people.forms), (DESCRIBES, people.describes))
            for name in names
        ]
        tested.append((SEGMENTS, SEGMENTS, fairness.predict_from_field(part["segment"], truth, **settings)))
        if people.forms:
            forest = fairness.predict_from_fields(part[list(people.forms)], truth, **settings)
            tested.append((TOGETHER, TOGETHER, forest))
        adjusted = adjust_holm([found.p_value for _, _, found in tested])
        rows += [
            (attribute, value, name, role, len(part), found.auc, p)
            for (name, role, found), p in zip(tested, adjusted, strict=True)
        ]
    columns = ["attribute", "value", "field", "role", "customers", "auc", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    sure = table.p_value <= max_p
    table["reading"] = np.select(
        [sure & (table.auc >= min_auc), sure & (table.auc >= HINT)], ["proxy", "hint"], "no"
    )
    return table


def score_impact(
    people: People, targets: Sequence[str], *, min_customers: int = 30, names: dict[str, str] | None = None
) -> pd.DataFrame:
    """Are some groups in the targeted segments less often than others?

    Parameters
    ----------
    people : People
    targets : sequence of str
        Segments that are targeted; each segment is looked at by itself, too.
    min_customers : int
        Smaller groups are left out.
    names : dict of str to str, optional
        Names of segments.

    Returns
    -------
    pandas.DataFrame
        ``scope`` (``targets`` or a segment's name), ``attribute``, and what
        :func:`~segutils.statistics.fairness.compare_selection` gives per group.
    """
    scopes = {"targets": people.table.segment.isin(list(targets))} if len(targets) else {}
    for code in sorted(people.table.segment.unique()):
        name = f"{code} {names[code]}" if names and code in names else code
        scopes[name] = people.table.segment == code
    parts = []
    for scope, selected in scopes.items():
        for attribute in people.attributes:
            groups = group_attribute(people.table[attribute])
            found = fairness.compare_selection(groups, selected, min_customers=min_customers)
            parts.append(found.assign(scope=scope, attribute=attribute))
    columns = [
        "scope",
        "attribute",
        "group",
        "customers",
        "selected",
        "rate",
        "low",
        "high",
        "impact_ratio",
        "p_value",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
