"""Questions that lead to a segment: short enough for a person, exact enough for a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from segutils.formats import join_words, lower_first
from segutils.methodology.profiles.rule_fields import Coding, Field


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Where the questions end: a segment, and how many of the customers it was learned from belong there."""

    segment: str
    customers: int
    right: int


@dataclass(frozen=True, kw_only=True)
class Question:
    """Is a number at most a limit, or a category a value? An unknown value is answered with no."""

    field: str
    yes: Question | Answer
    no: Question | Answer
    at_most: float | None = None
    equals: str | None = None


Rule = Question | Answer


@dataclass(frozen=True, kw_only=True)
class Path:
    """The way to an answer: each question with whether it was answered with yes."""

    steps: tuple[tuple[Question, bool], ...]
    answer: Answer


def fit_rule(
    coding: Coding, segments: np.ndarray, *, max_rules: int, min_customers: int = 20, seed: int = 0
) -> Rule:
    """Which few questions tell the segments apart best?

    A decision tree grown best first (Gini), so that the first questions are the most useful ones;
    neighbouring answers that name the same segment are joined.

    Parameters
    ----------
    coding : Coding
    segments : numpy.ndarray of str
        The segment of each customer.
    max_rules : int
        Most answers.
    min_customers : int
        Fewest customers behind an answer.
    seed : int

    Returns
    -------
    Question or Answer
    """
    tree = grow_tree(coding.codes, segments, max_rules=max_rules, min_customers=min_customers, seed=seed)
    return _join_answers(_read_node(tree, 0, coding.columns))


def grow_tree(
    codes: np.ndarray, segments: np.ndarray, *, max_rules: int, min_customers: int, seed: int
) -> DecisionTreeClassifier:
    """The decision tree behind :func:`fit_rule`, on whole-number codes (exact in its 32-bit floats)."""
    tree = DecisionTreeClassifier(
        max_leaf_nodes=max(max_rules, 2), min_samples_leaf=min_customers, random_state=seed
    )
    return tree.fit(codes, segments)


def assign_by_rule(customers: pd.DataFrame, rule: Rule) -> pd.Series:
    """Which segment does the rule give each customer?"""
    found = np.empty(len(customers), dtype=object)
    for path in list_paths(rule):
        found[follow(customers, path)] = path.answer.segment
    return pd.Series(found, index=customers.index, name="segment").astype("str")


def follow(customers: pd.DataFrame, path: Path) -> np.ndarray:
    """Which customers go this way?"""
    inside = np.ones(len(customers), dtype=bool)
    for question, answered in path.steps:
        inside &= _ask(customers, question) == answered
    return inside


def list_paths(rule: Rule) -> list[Path]:
    """All ways through the questions, yes before no."""
    return list(_walk(rule, ()))


def list_questions(rule: Rule) -> list[Question]:
    """The questions in the order in which they are asked."""
    if isinstance(rule, Answer):
        return []
    return [rule, *list_questions(rule.yes), *list_questions(rule.no)]


def list_fields(rule: Rule) -> list[str]:
    """What must be known about a customer."""
    return list(dict.fromkeys(question.field for question in list_questions(rule)))


def describe_path(
    path: Path, *, labels: Mapping[str, str], formats: Mapping[str, str], currency: str = ""
) -> str:
    """The way to an answer as words: ``Orders more than 12; discount share at most 15 %``.

    Parameters
    ----------
    path : Path
    labels, formats : mapping of str to str
        Of the fields; see :mod:`segutils.formats`.
    currency : str
    """
    parts = []
    for field in dict.fromkeys(question.field for question, _ in path.steps):
        steps = [(question, yes) for question, yes in path.steps if question.field == field]
        parts.append(f"{labels.get(field, field)} {_say_steps(steps, formats.get(field, 'text'), currency)}")
    words = "; ".join(part if n == 0 else lower_first(part) for n, part in enumerate(parts))
    return words or "Everybody"


def write_limit(limit: float, fmt: str, *, currency: str = "") -> str:
    """A limit as it is, not rounded: what is written is what the rule compares with."""
    kind = fmt.partition(":")[0]
    if kind == "share":
        return f"{float(f'{100 * limit:.12g}'):.12g} %"
    if kind == "count":
        return f"{np.floor(limit):,.0f}"
    text = f"{limit:,.12g}" if "e" not in f"{limit:,.12g}" else f"{limit:,.0f}"
    if kind == "money":
        return f"{currency} {text}".strip()
    return f"{text} days" if kind == "days" else text


def _say_steps(steps: Sequence[tuple[Question, bool]], fmt: str, currency: str) -> str:
    if steps[0][0].at_most is not None:
        above = [q.at_most for q, yes in steps if not yes and q.at_most is not None]
        below = [q.at_most for q, yes in steps if yes and q.at_most is not None]
        words = [f"more than {write_limit(max(above), fmt, currency=currency)}"] if above else []
        words += [f"at most {write_limit(min(below), fmt, currency=currency)}"] if below else []
        return " and ".join(words)
    named = [q.equals for q, yes in steps if yes]
    if named:
        return f"is {named[0]}"
    return f"is not {join_words([str(q.equals) for q, _ in steps], last='or')}"


def _ask(customers: pd.DataFrame, question: Question) -> np.ndarray:
    column = customers[question.field]
    if question.at_most is not None:
        return column.to_numpy(dtype=float, na_value=np.nan) <= question.at_most
    return (column.astype("object") == question.equals).to_numpy(dtype=bool)


def _walk(rule: Rule, steps: tuple[tuple[Question, bool], ...]) -> Iterator[Path]:
    if isinstance(rule, Answer):
        yield Path(steps=steps, answer=rule)
        return
    yield from _walk(rule.yes, (*steps, (rule, True)))
    yield from _walk(rule.no, (*steps, (rule, False)))


def _read_node(tree: DecisionTreeClassifier, node: int, columns: tuple[tuple[Field, str], ...]) -> Rule:
    nodes = tree.tree_
    left, right = int(nodes.children_left[node]), int(nodes.children_right[node])
    if left < 0:
        counts = np.rint(nodes.value[node][0] * nodes.n_node_samples[node]).astype(int)
        best = int(counts.argmax())
        return Answer(segment=str(tree.classes_[best]), customers=int(counts.sum()), right=int(counts[best]))
    field, value = columns[nodes.feature[node]]
    below, above = _read_node(tree, left, columns), _read_node(tree, right, columns)
    if field.is_number:
        limit = field.limits[int(np.floor(nodes.threshold[node]))]
        return Question(field=field.name, at_most=limit, yes=below, no=above)
    return Question(field=field.name, equals=value, yes=above, no=below)


def _join_answers(rule: Rule) -> Rule:
    """Without questions whose two answers are the same segment."""
    if isinstance(rule, Answer):
        return rule
    yes, no = _join_answers(rule.yes), _join_answers(rule.no)
    if isinstance(yes, Answer) and isinstance(no, Answer) and yes.segment == no.segment:
        return Answer(segment=yes.segment, customers=yes.customers + no.customers, right=yes.right + no.right)
    return Question(field=rule.field, at_most=rule.at_most, equals=rule.equals, yes=yes, no=no)
