"""Ways to assign a customer, from a single question to the whole solution, measured on customers not used."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from segutils.methodology.profiles import nearest_centre, rule_fields, rules
from segutils.methodology.profiles.rules import Answer, Rule
from segutils.statistics.intervals import wilson_interval
from segutils.statistics.segment_model import SegmentModel

RULES, CENTRE, CONTACT = "rules", "centre", "contact"
SIZES = (*range(2, 13), 14, 16, 20, 25, 30)  # answers of the decision trees that are tried
Tool = Rule | SegmentModel


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """All ways to assign that were tried.

    Parameters
    ----------
    table : pandas.DataFrame
        ``option, family, rules, fields`` (how many), ``figures`` (numbers that make up the rule),
        ``accuracy`` and ``error`` (cross-validated on the customers it was learned from, with its standard
        error), ``holdout, low, high`` (on the others, Wilson interval), ``weakest`` (lowest share of a
        segment's own customers found there), ``names_all`` (whether every segment can be an answer).
    tools : mapping of str to Question, Answer or SegmentModel
        By option.
    correct : numpy.ndarray of bool
        Customers learned from x options: right when left out.
    assigned : pandas.DataFrame
        ``customer_id, segment, is_holdout`` and a column per option: the segment it gives.
    known : pandas.DataFrame
        What the rules ask about, in the order of `assigned`.
    contact : tuple of str
        The columns of `known` that are known at first contact.
    """

    table: pd.DataFrame
    tools: Mapping[str, Tool]
    correct: np.ndarray
    assigned: pd.DataFrame
    known: pd.DataFrame
    contact: tuple[str, ...] = ()

    @property
    def holdout(self) -> pd.DataFrame:
        """The customers that nothing was learned from."""
        return self.assigned[self.assigned["is_holdout"]]


def fit_candidates(
    buyers: pd.DataFrame,
    model: SegmentModel,
    *,
    contact: pd.DataFrame | None = None,
    max_rules: int = 30,
    holdout_share: float = 0.3,
    folds: int = 10,
    min_customers: int = 20,
    seed: int = 0,
) -> Candidates:
    """How many customers does each way of assigning put where the accepted solution puts them?

    Decision trees of growing length on the features of the segments, nearest centres on growing lists of
    features, and decision trees on what is known at first contact. Every one is learned from the same
    customers; the rest are the holdout.

    Parameters
    ----------
    buyers : pandas.DataFrame
        ``customer_id, segment`` and the model's features in raw units; customers in a segment only.
    model : SegmentModel
        The accepted solution.
    contact : pandas.DataFrame, optional
        ``customer_id`` and what is known of a customer before the first order.
    max_rules : int
        Most answers of a tree.
    holdout_share : float
        Share of customers kept aside.
    folds : int
        Of the cross-validation.
    min_customers : int
        Fewest customers behind an answer.
    seed : int

    Returns
    -------
    Candidates
        With a single segment one candidate, the answer itself.
    """
    buyers = buyers.reset_index(drop=True)
    segments = buyers["segment"].to_numpy(dtype=object)
    if len(np.unique(segments)) < 2:
        return _single(buyers)
    aside = _split(segments, share=holdout_share, seed=seed)
    trained = np.flatnonzero(~aside)
    known = buyers[["customer_id", *model.scaling.features]]
    parts = [
        _try_trees(
            buyers[list(model.scaling.features)],
            segments,
            trained,
            family=RULES,
            max_rules=max_rules,
            folds=folds,
            min_customers=min_customers,
            seed=seed,
        ),
        _try_centres(buyers, segments, trained, model),
    ]
    if contact is not None and len(contact.columns) > 1:
        facts = buyers[["customer_id"]].merge(contact, on="customer_id", how="left", validate="one_to_one")
        known = known.merge(facts, on="customer_id", validate="one_to_one")
        parts.append(
            _try_trees(
                facts.drop(columns="customer_id"),
                segments,
                trained,
                family=CONTACT,
                max_rules=max_rules,
                folds=folds,
                min_customers=min_customers,
                seed=seed,
            )
        )
    tried = [candidate for part in parts for candidate in part]
    assigned = pd.DataFrame(
        {"customer_id": buyers["customer_id"], "segment": segments, "is_holdout": aside}
        | {c.option: c.assigned for c in tried}
    )
    return Candidates(
        table=_measure(tried, segments, trained, aside),
        tools={c.option: c.tool for c in tried},
        correct=np.column_stack([c.correct for c in tried]),
        assigned=assigned,
        known=known,
        contact=() if contact is None else tuple(contact.columns.drop("customer_id")),
    )


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    option: str
    family: str
    tool: Tool
    rules: int
    fields: int
    figures: int
    names: frozenset[str]
    assigned: np.ndarray
    correct: np.ndarray


def _split(segments: np.ndarray, *, share: float, seed: int) -> np.ndarray:
    """Which customers are kept aside; the same share of every segment where it has enough."""
    counts = pd.Series(segments).value_counts()
    _, aside = train_test_split(
        np.arange(len(segments)),
        test_size=share,
        random_state=seed,
        stratify=segments if counts.min() >= 10 else None,
    )
    return np.isin(np.arange(len(segments)), aside)


def _try_trees(
    known: pd.DataFrame,
    segments: np.ndarray,
    trained: np.ndarray,
    *,
    family: str,
    max_rules: int,
    folds: int,
    min_customers: int,
    seed: int,
) -> list[_Candidate]:
    fields = rule_fields.choose_fields(known, min_customers=min_customers)
    if not fields:
        return []
    coding = rule_fields.code_customers(known, fields)
    inner = rule_fields.Coding(codes=coding.codes[trained], columns=coding.columns)
    own = segments[trained]
    grow = {"min_customers": min_customers, "seed": seed}
    parts = _folds(own, folds=folds, seed=seed)
    found: list[_Candidate] = []
    for size in [s for s in SIZES if s <= max_rules]:
        rule = rules.fit_rule(inner, own, max_rules=size, **grow)
        paths = rules.list_paths(rule)
        if found and len(paths) <= found[-1].rules:
            continue
        correct = np.zeros(len(own), dtype=bool)
        for learn, test in parts:
            tree = rules.grow_tree(inner.codes[learn], own[learn], max_rules=size, **grow)
            correct[test] = tree.predict(inner.codes[test]) == own[test]
        name = f"{len(paths)} rules" if len(paths) > 1 else "1 rule"
        found.append(
            _Candidate(
                option=name if family == RULES else f"First contact, {name}",
                family=family,
                tool=rule,
                rules=len(paths),
                fields=len(rules.list_fields(rule)),
                figures=len(paths) - 1,
                names=frozenset(path.answer.segment for path in paths),
                assigned=rules.assign_by_rule(known, rule).to_numpy(dtype=object),
                correct=correct,
            )
        )
    return found


def _try_centres(
    buyers: pd.DataFrame, segments: np.ndarray, trained: np.ndarray, model: SegmentModel
) -> list[_Candidate]:
    """Nearest centres of the solution on few features; their order is learned, so no fold is needed."""
    order = nearest_centre.rank_features(buyers.iloc[trained], segments[trained], model)
    found = []
    for count in range(1, len(order) + 1):
        kept = nearest_centre.keep_features(model, order[:count])
        assigned = nearest_centre.assign_nearest(buyers, kept)
        whole = "all " if count == len(order) else ""
        found.append(
            _Candidate(
                option=f"Nearest centre, {whole}{count} feature{'s' if count > 1 else ''}",
                family=CENTRE,
                tool=kept,
                rules=len(model.names),
                fields=count,
                figures=count * len(model.names),
                names=frozenset(assigned),
                assigned=assigned,
                correct=(assigned == segments)[trained],
            )
        )
    return found


def _folds(segments: np.ndarray, *, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    enough = pd.Series(segments).value_counts().min() >= folds
    splitter = (StratifiedKFold if enough else KFold)(n_splits=folds, shuffle=True, random_state=seed)
    return list(splitter.split(segments, segments))


def _measure(
    tried: list[_Candidate], segments: np.ndarray, trained: np.ndarray, aside: np.ndarray
) -> pd.DataFrame:
    present = set(segments)
    rows = []
    for candidate in tried:
        right = (candidate.assigned == segments)[aside]
        share = candidate.correct.mean()
        low, high = wilson_interval(right.sum(), len(right))
        rows.append(
            {
                "option": candidate.option,
                "family": candidate.family,
                "rules": candidate.rules,
                "fields": candidate.fields,
                "figures": candidate.figures,
                "accuracy": share,
                "error": np.sqrt(share * (1 - share) / len(trained)),
                "holdout": right.mean(),
                "low": low,
                "high": high,
                "weakest": pd.Series(right).groupby(segments[aside]).mean().min(),
                "names_all": present <= candidate.names,
            }
        )
    return pd.DataFrame(rows)


def _single(buyers: pd.DataFrame) -> Candidates:
    segment = str(buyers["segment"].iloc[0])
    answer = Answer(segment=segment, customers=len(buyers), right=len(buyers))
    row = {"option": "1 rule", "family": RULES, "rules": 1, "fields": 0, "figures": 0, "accuracy": 1.0}
    row |= {"error": 0.0, "holdout": 1.0, "low": 1.0, "high": 1.0, "weakest": 1.0, "names_all": True}
    return Candidates(
        table=pd.DataFrame([row]),
        tools={"1 rule": answer},
        correct=np.ones((len(buyers), 1), dtype=bool),
        assigned=buyers[["customer_id", "segment"]].assign(is_holdout=True, **{"1 rule": segment}),
        known=buyers[["customer_id"]],
    )
