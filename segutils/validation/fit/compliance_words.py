"""Words and drawings of ``compliance``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Decision, Figure
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.validation.fit import law
from segutils.validation.fit.adjusted import Adjusted
from segutils.validation.fit.protected import DESCRIBES, FORMS, HINT, SEGMENTS, TOGETHER, People

MAX_BARS = 10


def say_best(by_role: pd.DataFrame, role: str) -> str:
    """The field of a role that tells most, with its area under the curve: ``industry (0.70)``."""
    part = by_role[by_role.index == role]
    if part.empty:
        return ""
    top = part.iloc[int(part.auc.to_numpy().argmax())]
    return f"{_words(top.field)} ({top.auc:.2f})"


def say_headline(
    decision: Decision,
    state: Mapping[str, bool],
    proxies: pd.DataFrame,
    impact: pd.DataFrame,
    *,
    min_ratio: float,
) -> str:
    """What was found, and what to do."""
    if decision.choice != decision.recommendation:
        own, led = _lower(decision.choice), _lower(decision.recommendation)
        return f"The client decides: {own}; the screens lead to: {led}."
    others = proxies[(proxies.role == DESCRIBES) & (proxies.reading == "proxy")]
    used = proxies[(proxies.role == FORMS) & (proxies.reading == "proxy")]
    keep_out = _list_proxies(others)
    end = f"; {keep_out} and must stay out" if len(others) else ""
    if state["direct"]:
        return f"A protected attribute forms segments: the definition has to be adjusted{end}."
    if state["proxy"]:
        what = _list_proxies(used) if len(used) else "the features together give a protected attribute away"
        return f"{_start(what)}, though it forms segments: {_lower(decision.choice)}."
    if state["unequal"]:
        row = impact[impact.scope == "targets"].sort_values("impact_ratio").iloc[0]
        return (
            f"The targets hold {_group(row)} at {row.impact_ratio:.2f} times the rate of others, below the "
            f"screen's {min_ratio:.2f}, without a proxy in the definition: ask counsel{end}."
        )
    known = "selection is even enough" if (impact.scope == "targets").any() else "no target is chosen yet"
    return f"Keep the definition: no feature is a proxy of a protected attribute, and {known}{end}."


def say_robustness(
    choice: str,
    support: Mapping[str, float],
    proxies: pd.DataFrame,
    impact: pd.DataFrame,
    *,
    min_ratio: float,
    min_auc: float,
) -> str:
    """How often the rule leads here, and how far the figures are from the marks."""
    share = format_value(support[choice], "share:0")
    text = f"In {share} of other samples of the customers the rule leads here."
    forms = proxies[proxies.role.isin([FORMS, TOGETHER])]
    top = forms.loc[forms.auc.idxmax()] if len(forms) else None
    if top is not None:
        text += (
            f" What flips it: a feature that tells an attribute at {min_auc:.2f} (the most telling, "
            f"{_words(top.field)}, reaches {top.auc:.2f})"
        )
        rows = impact[(impact.scope == "targets") & impact.p_value.notna()]
        text += (
            f", or a selection ratio below {min_ratio:.2f} (the lowest is {rows.impact_ratio.min():.2f})."
            if len(rows) and rows.impact_ratio.notna().any()
            else "."
        )
    return text


def call_fields(proxies: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """The same with fields under the names that the catalogue gives them, as within a sentence."""
    called = {name: lower_first(label) for name, label in labels.items()}
    return proxies.assign(field=[called.get(name, name) for name in proxies.field])


def list_notes(
    proxies: pd.DataFrame,
    impact: pd.DataFrame,
    adjusted: Adjusted | None,
    within: pd.Series | None,
    strata: str,
    labels: Mapping[str, str],
    jurisdictions: Sequence[str],
    *,
    min_auc: float,
) -> list[str]:
    """Proxies to keep out, hints, selection segment by segment, and what adjusting costs."""
    notes = []
    others = proxies[(proxies.role == DESCRIBES) & (proxies.reading == "proxy")]
    if len(others):
        verb = "it forms" if others.field.nunique() == 1 else "they form"
        notes.append(
            f"{_start(_list_proxies(others))}, where {min_auc:.2f} makes a field a proxy: {verb} no segments "
            "and "
            "must not be used to pick customers either."
        )
    hints = proxies[(proxies.reading == "hint") & proxies.role.isin([FORMS, SEGMENTS])]
    if len(hints):
        names = list(dict.fromkeys(_words(name) for name in hints.sort_values("auc", ascending=False).field))
        notes.append(
            f"Hints below the mark ({HINT:.1f} to {min_auc:.1f}): {join_words(names[:6])}. They tell a "
            "little, because "
            "customers with the attribute differ in what they buy."
        )
    if within is not None and np.isfinite(within.ratio):
        chance = "which chance explains" if within.p_value > 0.05 else f"p {within.p_value:.3f}"
        notes.append(
            f"Among customers of the same {_words(strata)} the selection ratio is {within.ratio:.2f}, "
            f"{chance}."
        )
    low = impact[(impact.scope != "targets") & (impact.impact_ratio < 0.8) & (impact.p_value <= 0.05)]
    if len(low):
        scopes = list(dict.fromkeys(low.sort_values("impact_ratio").scope))
        notes.append(
            f"{plural(len(scopes), 'segment')} would fall below the four-fifths mark if targeted alone: "
            f"{join_words(scopes[:4])}{' and others' if len(scopes) > 4 else ''}."
        )
    if adjusted is not None:
        dropped = join_words([lower_first(labels.get(name, _words(name))) for name in adjusted.dropped])
        before, after = (format_value(v, "share:0") for v in (adjusted.explained_before, adjusted.explained))
        worth, worth_after = (
            format_value(v, "share:0") for v in (adjusted.value_told_before, adjusted.value_told)
        )
        notes.append(
            f"Without {dropped} the segments would agree with the present ones at {adjusted.agreement:.2f} "
            "of 1, and "
            f"tell {after} of the differences between customers instead of {before} (of those in value "
            f"{worth_after} instead of {worth})."
        )
    return notes


def list_assumptions(
    people: People, table: pd.DataFrame, jurisdictions: Sequence[str]
) -> tuple[Assumption, ...]:
    """How attributes are read, and whose rules are listed."""
    read = [(name, law.read_ground(name)) for name in people.attributes]
    told = [f"{_words(name)} as {ground}" for name, ground in read if ground]
    found = []
    if told:
        found.append(
            Assumption(text=f"Grounds are read from names: {join_words(told)}.", owner="counsel to confirm")
        )
    if unread := [_words(name) for name, ground in read if not ground]:
        found.append(
            Assumption(
                text=f"No ground of the list is read for {join_words(unread)}.", owner="counsel to confirm"
            )
        )
    return tuple(found)


def draw_proxies(proxies: pd.DataFrame, *, min_auc: float) -> tuple[Figure, ...]:
    """What tells the attribute that is told best."""
    if proxies.empty:
        return ()
    top = proxies.loc[proxies.auc.idxmax()]
    part = proxies[(proxies.attribute == top.attribute) & (proxies.value == top.value)]
    keep = part[part.role.isin([SEGMENTS, TOGETHER])]
    single = part.drop(index=keep.index).sort_values("auc", ascending=False).head(MAX_BARS - len(keep))
    data = pd.concat([single, keep]).sort_values("auc", ascending=False, ignore_index=True)
    data["field"] = [
        f"{_words(row.field)} ({row.role})" if row.role not in (row.field, DESCRIBES) else _words(row.field)
        for row in data.itertuples()
    ]
    forms = part[part.role == FORMS]
    strongest = (
        f"; of the features that form segments none gets above {forms.auc.max():.2f}" if len(forms) else ""
    )
    title = f"{_start(_words(top.field))} tells {_value(top)} at {top.auc:.2f}{strongest}"
    return (
        Figure(
            kind="bar",
            data=data[["field", "auc", "p_value"]],
            x="field",
            y="auc",
            title=title,
            subtitle=f"How well a field tells {_value(top)} on unseen customers: area under the curve, 0.5 = "
            "chance",
            alt=f"Bars of {plural(len(data), 'field')}, longest {data.field.iloc[0]} "
            f"({data.auc.iloc[0]:.2f}).",
            caption=f"From {min_auc:.2f} on a field counts as a proxy, from {HINT:.2f} as a hint.",
            formats={"auc": "number:2", "p_value": "number:3"},
            reference=min_auc,
            reference_label="proxy from here",
            highlight=data.field.iloc[0] if top.auc >= min_auc else None,
        ),
    )


def draw_impact(impact: pd.DataFrame, *, min_ratio: float) -> tuple[Figure, ...]:
    """The smallest selection ratio of each scope."""
    rows = impact[impact.p_value.notna() & impact.impact_ratio.notna()]
    if rows.empty:
        return ()
    sure = rows.assign(sure=(rows.p_value <= 0.05) & (rows.impact_ratio < min_ratio))
    low = sure.sort_values(["sure", "impact_ratio"], ascending=[False, True]).drop_duplicates("scope")
    low = low.sort_values("impact_ratio", ignore_index=True)
    low = low.assign(scope=low.scope.replace("targets", "All targets"))
    low = low.assign(scope=[f"{row.scope}: {_group(row)}" for row in low.itertuples()]).head(MAX_BARS)
    below = int(low.sure.sum())
    chosen = rows[rows.scope == "targets"]
    title = (
        f"The targets keep a selection ratio of {chosen.impact_ratio.min():.2f}"
        if len(chosen)
        else "No target is chosen yet"
    )
    title += (
        f"; {plural(below, 'choice')} below the mark of {min_ratio:.2f} would be screened" if below else ""
    )
    return (
        Figure(
            kind="bar",
            data=low[["scope", "impact_ratio", "p_value"]].reset_index(drop=True),
            x="scope",
            y="impact_ratio",
            title=title,
            subtitle="Rate at which the least selected group is in the targets, or in a segment if it alone "
            "were "
            "targeted, over that of the most selected group",
            alt=f"Bars of {plural(len(low), 'choice')}, shortest {low.scope.iloc[0]} "
            f"({low.impact_ratio.iloc[0]:.2f}).",
            caption="1: every group is selected alike. Counted as screened: below the mark with p up to "
            "0.05. A reason "
            "to look, not a verdict.",
            formats={"impact_ratio": "number:2", "p_value": "number:3"},
            reference=min_ratio,
            reference_label="screened below",
        ),
    )


def say_law(table: pd.DataFrame, grounds: Sequence[str]) -> str:
    """How many rules, of whom, and how many of them were read in their text."""
    places = list(dict.fromkeys(table.jurisdiction))
    named = f" that name {join_words(list(dict.fromkeys(grounds)))} or the use of data" if grounds else ""
    counts = table.reading.value_counts()
    said = {"text": "read in their text", "part": "in part", "quoted": "as others quote them"}
    how = [f"{counts[reading]} {words}" for reading, words in said.items() if counts.get(reading)]
    if missing := int(counts.get("not read", 0)):
        how.append(f"{missing} not at all, its text was not found")
    return (
        f"{plural(len(table), 'rule')} of {join_words(places)}{named} {'is' if len(table) == 1 else 'are'} "
        f"listed for counsel to confirm: {join_words(how)}, last on {table.read_on.max()}."
    )


def list_law_notes(table: pd.DataFrame, jurisdictions: Sequence[str]) -> list[str]:
    """What comes, what could not be read, and where the list has nothing."""
    notes = []
    coming = table[table.in_force_from > table.read_on]
    for row in coming.itertuples():
        notes.append(f"In force only from {row.in_force_from}: {row.source} ({row.jurisdiction}).")
    for row in table[table.reading == "not read"].itertuples():
        notes.append(f"Not read in any text ({row.jurisdiction}): {row.rule} {row.note}")
    if lacking := law.find_missing(jurisdictions):
        notes.append(f"The list holds no rule of their own for {join_words(lacking)}: ask counsel there.")
    return notes


def _list_proxies(rows: pd.DataFrame) -> str:
    """``the field “association” tells whether a firm is “women owned” (AUC 0.83)``; several together."""
    fields = list(dict.fromkeys(_words(name) for name in rows.sort_values("auc", ascending=False).field))
    attributes = list(dict.fromkeys((_words(row.attribute), row.value == "yes") for row in rows.itertuples()))
    quoted = join_words([f"“{name}”" for name in fields[:3]])
    who = "firm" if all(name.endswith("owned") for name, _ in attributes) else "customer"
    if len(attributes) > 2:
        what = f"tell {len(attributes)} protected attributes"
    else:
        what = "tell " + join_words(
            [
                f"whether a {who} is “{name}”" if yes else f"the “{name}” of a {who}"
                for name, yes in attributes
            ]
        )
    single = len(fields) == 1
    upto = "up to " * (len(rows) > 1)
    verb = what.replace("tell", "tells", 1) if single else what
    return f"the field{'' if single else 's'} {quoted} {verb} (AUC {upto}{rows.auc.max():.2f})"


def _value(row) -> str:
    return _words(row.attribute) if row.value == "yes" else f"{_words(row.attribute)} {row.value}"


def _group(row) -> str:
    if row.group in ("yes", "no"):
        return f"{'not ' * (row.group == 'no')}{_words(row.attribute)}"
    return f"{_words(row.attribute)} {row.group}"


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
