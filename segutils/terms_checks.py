"""Does what the client wants and allows fit together: weights that add up, roles and owners that exist?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segutils import capabilities, condition_checks, expressions, schemas
from segutils.data_checks import may_segment
from segutils.engagement_fields import suggest
from segutils.engagement_model import Engagement
from segutils.engagement_terms import Rater, Weighting
from segutils.yaml_lines import KeyPath, Problem

OWNED = (  # lists whose lines have an owner
    *("objectives", "targets", "thresholds", "costs", "budgets"),
    *("privacy", "survivorship", "providers"),
    *("responses", "scenarios", "key_results"),
)
JUDGEMENTS = ("attractiveness", "competitiveness")  # weights that are no question's own
FURTHER_DECISIONS = ("segmenting-value",)  # of notebook 4_1: no question of its own, but one to decide
ROUNDING = 0.02  # of a comparison and its counterpart: 0.33 is a third, 0.11 a ninth
LEVELS = ("CM1", "CM2", "CM3")


def check_terms(engagement: Engagement) -> list[Problem]:
    """Do goals, weights, money, people and rules name only what there is, and add up?

    Parameters
    ----------
    engagement : Engagement
        Each field is right by itself.

    Returns
    -------
    list of Problem
        Empty where they do.
    """
    return [
        *_check_questions(engagement),
        *_check_weights(engagement),
        *_check_money(engagement),
        *_check_owners(engagement),
        *_check_roles(engagement),
        *_check_definitions(engagement),
        *_check_repeats(("jurisdictions",), engagement.jurisdictions),
    ]


def _unknown(key: KeyPath, kind: str, name: str, known: Sequence[str], place: str) -> Iterator[Problem]:
    """A name that is not among those that there are."""
    if name not in known:
        listed = ", ".join(known) or "none yet"
        yield Problem(key, f"unknown {kind} '{name}'", f"{suggest(name, list(known))}{place}: {listed}")


def _check_repeats(key: KeyPath, names: Sequence[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem((*key, index), f"'{name}' is given twice", "keep one of them")


def _check_questions(engagement: Engagement) -> Iterator[Problem]:
    """Every slug is that of a question; an override's that of a decision."""
    known = capabilities.read_capabilities()
    slugs = [capability.slug for capability in known]
    decisions = [capability.slug for capability in known if capability.decision] + [*FURTHER_DECISIONS]
    for slug in engagement.overrides:
        if slug not in decisions:
            fix = f"{suggest(slug, decisions)}use the slug of a decision, as segutils status lists them"
            yield Problem(("overrides", slug), f"there is no decision '{slug}'", fix)
    stated: list[tuple[KeyPath, str]] = [
        *((("weights", name), name) for name in engagement.weights if name not in JUDGEMENTS),
        *((("thresholds", n, "question"), line.question) for n, line in enumerate(engagement.thresholds)),
        *(
            (("budgets", n, "questions", place), slug)
            for n, line in enumerate(engagement.budgets)
            for place, slug in enumerate(line.questions)
        ),
    ]
    for key, slug in stated:
        if slug not in slugs:
            others = f"{' or '.join(JUDGEMENTS)}, or " if key[0] == "weights" else ""
            near = suggest(slug, [*JUDGEMENTS, *slugs] if others else slugs)
            fix = f"{near}use {others}the slug of a question, as segutils status lists them"
            yield Problem(key, f"there is no question '{slug}'", fix)


def _check_weights(engagement: Engagement) -> Iterator[Problem]:
    for name, weighting in engagement.weights.items():
        for index, rater in enumerate(weighting.raters):
            key = ("weights", name, "raters", index)
            if rater.comparisons:
                yield from _check_comparisons(key, rater, weighting)
            else:
                yield from _check_sum(key, rater, weighting)
        names = [rater.name for rater in weighting.raters]
        yield from _check_repeats(("weights", name, "raters"), names)


def _check_sum(key: KeyPath, rater: Rater, weighting: Weighting) -> Iterator[Problem]:
    criteria = list(weighting.criteria)
    unknown = [criterion for criterion in rater.weights if criterion not in criteria]
    for criterion in unknown:
        yield from _unknown((*key, "weights", criterion), "criterion", criterion, criteria, "criteria")
    left_out = [criterion for criterion in criteria if criterion not in rater.weights]
    if left_out and not unknown:
        what = f"'{rater.name}' gives no weight to {', '.join(left_out)}"
        yield Problem((*key, "weights"), what, "add it; 0 says that it does not count")
    total = sum(rater.weights.values())
    if abs(total - 1) > 0.001:
        fix = f"change them by {1 - total:+.4g} in all" + (
            f", or divide each by {total:.4g}" if total else ""
        )
        yield Problem((*key, "weights"), f"the weights of '{rater.name}' add up to {total:.4g}, not 1", fix)


def _check_comparisons(key: KeyPath, rater: Rater, weighting: Weighting) -> Iterator[Problem]:
    criteria, rows = list(weighting.criteria), rater.comparisons
    key = (*key, "comparisons")
    lengths = {len(rows), *map(len, rows)}
    if lengths != {len(criteria)}:
        what = f"the comparisons of '{rater.name}' are not {len(criteria)} rows of {len(criteria)} numbers"
        fix = f"one row and one column for each criterion, in this order: {', '.join(criteria)}"
        yield Problem(key, what, fix)
        return
    for row, first in enumerate(criteria):
        if rows[row][row] != 1:
            what = f"'{first}' is compared with itself as {rows[row][row]:g}"
            yield Problem((*key, row, row), what, "write 1 where row and column are the same criterion")
        for column in range(row):
            there, back = rows[column][row], rows[row][column]
            if abs(there * back - 1) > ROUNDING:
                second = criteria[column]
                what = (
                    f"'{second}' over '{first}' is {_in_words(there)}, "
                    f"but '{first}' over '{second}' is {_in_words(back)}"
                )
                fix = f"write {_in_words(1 / there)} for the second, or {_in_words(1 / back)} for the first"
                yield Problem((*key, row, column), what, fix)


def _in_words(ratio: float) -> str:
    return f"{ratio:.3g}" if ratio >= 1 else f"1/{1 / ratio:.3g}"


def _check_money(engagement: Engagement) -> Iterator[Problem]:
    for index, line in enumerate(engagement.thresholds):
        if line.min is None and line.max is None:
            what = f"the threshold for '{line.measure}' has neither min nor max"
            yield Problem(("thresholds", index), what, "add one of them")
        elif line.min is not None and line.max is not None and line.min > line.max:
            what = f"nothing passes the threshold for '{line.measure}': min is above max"
            yield Problem(("thresholds", index), what, "exchange or correct them")
    items = [" · ".join(filter(None, (c.item, c.per, c.channel, c.segment))) for c in engagement.costs]
    yield from _check_repeats(("costs",), items)
    yield from _check_repeats(("budgets",), [f"{line.item} · {line.horizon}" for line in engagement.budgets])
    levels = [line.level for line in engagement.margin_ladder]
    if levels != list(LEVELS[: len(levels)]):
        fix = f"write each once, in the order {', '.join(LEVELS)}, without a gap"
        yield Problem(("margin_ladder",), f"the levels of the ladder are {', '.join(levels)}", fix)
    taken: dict[str, str] = {}
    for index, line in enumerate(engagement.margin_ladder):
        for place, pool in enumerate(line.deducts):
            if pool in taken:
                what = f"'{pool}' is taken off at {taken[pool]} and again at {line.level}"
                yield Problem(("margin_ladder", index, "deducts", place), what, "keep it at one level")
            taken.setdefault(pool, line.level)


def _check_owners(engagement: Engagement) -> Iterator[Problem]:
    """Where the file lists its owners, nobody else can own a line of it."""
    known = list(engagement.owners)
    if not known:
        return
    owned: list[tuple[KeyPath, str]] = [
        ((section, index, "owner"), line.owner)
        for section in OWNED
        for index, line in enumerate(getattr(engagement, section))
    ]
    for section in ("organisation", "project", "finance"):
        if part := getattr(engagement, section):
            owned.append(((section, "owner"), part.owner))
    for key, owner in owned:
        yield from _unknown(key, "owner", owner, known, "add it under owners, which has")


def _check_roles(engagement: Engagement) -> Iterator[Problem]:
    governance, council = engagement.governance, engagement.governance.council
    top = "governance"
    named: list[tuple[KeyPath, str]] = [
        *((("owners", name, "role"), person.role) for name, person in engagement.owners.items()),
        *(((top, "access", n, "role"), grant.role) for n, grant in enumerate(governance.access)),
        *(
            ((top, "approvals", n, "approvers", place), role)
            for n, approval in enumerate(governance.approvals)
            for place, role in enumerate(approval.approvers)
        ),
    ]
    if council:
        named += [((top, "council", "members", place), role) for place, role in enumerate(council.members)]
        named.append(((top, "council", "escalates_to"), council.escalates_to))
    for key, role in named:
        yield from _unknown(
            key, "role", role, list(governance.roles), "add it under governance.roles, which has"
        )
    if council:
        yield from _check_repeats((top, "council", "members"), council.members)
        place = "it is one of the members"
        yield from _unknown((top, "council", "chair"), "member", council.chair, council.members, place)
        if council.quorum > len(council.members):
            what = f"a quorum of {council.quorum} cannot be reached by {len(council.members)} members"
            yield Problem((top, "council", "quorum"), what, "lower it, or add members")


def _check_definitions(engagement: Engagement) -> Iterator[Problem]:
    """Every column that a definition names is one of a table that is given, may be used, and fits its use."""
    kinds = {table: {c: _kind(table, c) for c in engagement.columns_of(table)} for table in engagement.tables}
    for term, departments in engagement.definitions.items():
        for department, text in departments.items():
            key = ("definitions", term, department)
            problems = list(_check_columns(key, text, engagement))
            yield from problems
            if problems:
                continue
            try:
                condition_checks.check_condition(text, kinds)
            except expressions.ExpressionError as error:
                yield Problem(key, error.what, error.fix)


def _kind(table: str, column: str) -> condition_checks.Kind:
    known = schemas.TABLES[table].by_name.get(column)
    return condition_checks.kind_of(known.type if known else "any")


def _check_columns(key: KeyPath, text: str, engagement: Engagement) -> Iterator[Problem]:
    for name in expressions.read_condition(text).columns:
        table, dot, column = name.rpartition(".")
        table = table if dot else "customers"
        if table not in engagement.tables:
            unknown = table not in schemas.TABLES
            what = f"'{name}': there is no table '{table}'" if unknown else f"'{table}' is not given"
            fix = suggest(table, list(engagement.tables))
            yield Problem(key, what, f"{fix}this file gives: {', '.join(engagement.tables)}")
            continue
        yield from _unknown(key, f"column of {table}", column, engagement.columns_of(table), "it has")
        if not may_segment(table, column, engagement):
            fix = "leave it out, or allow segmentation for it under privacy (its owner decides)"
            yield Problem(key, f"'{column}' of '{table}' may not be used to segment", fix)
