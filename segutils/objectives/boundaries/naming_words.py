"""Words and drawings of ``naming``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from segutils.engagement_terms import Approval
from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries import naming_rules as rules
from segutils.objectives.boundaries.naming_drivers import SAID, UNSAID, Driver

KEEP, WATCH, CHANGE = "keep", "watch", "change"
PLAIN = {
    rules.UNIQUE: ("reads like another group's", "read like another group's"),
    rules.SHORT: ("is too long", "are too long"),
    rules.CODE: ("is a code or a mere number", "are codes or mere numbers"),
    rules.PROTECTED: ("may tell a protected attribute", "may tell a protected attribute"),
    rules.JUDGEMENT: ("judges or says only what it is not", "judge or say only what they are not"),
}
REFUTED = (
    "says what does not set its customers apart",
    "say what does not set their customers apart",
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What follows for one name, and why.

    Parameters
    ----------
    group : str
    action : str
        :data:`KEEP`, :data:`WATCH` or :data:`CHANGE`.
    wrong : mapping of str to str
        Tests that it fails, with what is wrong.
    driver : Driver, optional
        None where nothing sure sets the group apart, or the name is the value of an attribute.
    clash : sequence of dict
        Where other people mean other customers by it: ``column, name, shared``.
    is_described, is_apart, is_working : bool
        Enough customers to describe; something sure sets them apart; the name is that of a rule.
    """

    group: str
    action: str
    wrong: Mapping[str, str] = field(default_factory=dict)
    driver: Driver | None = None
    clash: Sequence[Mapping[str, object]] = ()
    is_described: bool = True
    is_apart: bool = True
    is_working: bool = False

    @property
    def is_untold(self) -> bool:
        """Whether nothing measured can tell if the name says what sets its customers apart."""
        return self.is_apart and self.driver is not None and self.driver.verdict not in (SAID, UNSAID)

    @property
    def is_renamed(self) -> bool:
        """Whether another name is suggested."""
        return self.action == CHANGE or (self.action == WATCH and self.is_untold)


def write_verdict(verdict: Verdict, evidence: str) -> str:
    """A verdict as the table shows it: what to do, and why."""
    if verdict.is_working:
        return "Name it: called after the rule that made it"
    if verdict.action == CHANGE:
        why = list(verdict.wrong.values())
        if verdict.driver is not None and verdict.driver.verdict == UNSAID:
            why.append(f"“{verdict.driver.word}” does not set its customers apart")
        return f"Change: {join_words(why)}"
    if verdict.clash:
        row = verdict.clash[0]
        first = f"supported by {evidence}, but " if evidence else ""
        shared = format_value(row["shared"], "share:0")
        return f"Watch: {first}{row['name']} in {_column(row)} means other customers ({shared} in common)"
    if verdict.is_untold:
        return "Watch: nothing measured can tell whether it says what sets them apart"
    if not verdict.is_apart:
        few = "" if verdict.is_described else "too few customers to tell whether "
        return f"Watch: {few}{'anything' if few else 'nothing'} surely sets its customers apart"
    return f"Keep: supported by {evidence}" if evidence else "Keep: names an attribute of its customers"


def say_headline(found: Mapping[str, Verdict], *, working: str) -> str:
    """How many names stay, which are watched, which must change and why; whom no name can tell apart."""
    alike = [v for v in found.values() if v.is_described and not v.is_apart]
    if working:
        end = f"; nothing surely sets {join_words([v.group for v in alike])} apart" if alike else ""
        return (
            f"The {len(found)} groups are called after the rule that made them ({working}): "
            f"{len(found) - len(alike)} can be named by what sets them apart{end}."
        )
    changed = [v for v in found.values() if v.action == CHANGE]
    whole = plural(len(found), "name")
    parts = []
    if changed:
        start = f"{_count(len(changed), len(found))} {'names' if len(found) > 1 else 'name'}"
        parts.append(f"{start} should change: {'; '.join(_say_changes(changed, len(found)))}")
    elif all(v.driver is not None and v.driver.verdict == SAID for v in found.values()):
        parts.append(f"All {whole} say what sets their customers apart")
    elif all(v.action == KEEP for v in found.values()):
        parts.append(f"All {whole} can stay")
    else:
        parts.append(f"None of {whole} must change")
    parts += _say_watched([v for v in found.values() if v.action == WATCH])
    if alike:
        parts.append(f"nothing surely sets {plural(len(alike), 'group')} apart, whatever the name")
    return f"{'; '.join(parts)}."


def _say_changes(changed: Sequence[Verdict], whole: int) -> list[str]:
    parts = []
    for test, said in PLAIN.items():
        parts += _name_hit([v.group for v in changed if test in v.wrong], said, whole)
    refuted = [v.group for v in changed if v.driver is not None and v.driver.verdict == UNSAID]
    return parts + _name_hit(refuted, REFUTED, whole)


def _name_hit(hit: Sequence[str], said: tuple[str, str], whole: int) -> list[str]:
    if not hit:
        return []
    called = "all" if len(hit) == whole and whole > 1 else join_words(hit) if len(hit) <= 4 else f"{len(hit)}"
    return [f"{called} {said[0 if len(hit) == 1 else 1]}"]


def _say_watched(watched: Sequence[Verdict]) -> list[str]:
    clashing = [v for v in watched if v.clash]
    parts = []
    if clashing:
        columns = list(dict.fromkeys(_column(v.clash[0]) for v in clashing))
        names = join_words([str(v.clash[0]["name"]) for v in clashing])
        verb = "means" if len(clashing) == 1 else "mean"
        called = join_words([v.group for v in clashing])
        parts.append(f"watch {called}: {names} in {join_words(columns)} {verb} other customers")
    untold = [v.group for v in watched if v.is_untold and not v.clash]
    if untold:
        called = join_words(untold) if len(untold) <= 4 else plural(len(untold), "of them", "of them")
        verb = "says" if len(untold) == 1 else "say"
        whose = "its" if len(untold) == 1 else "their"
        parts.append(f"whether {called} {verb} what sets {whose} customers apart cannot be told")
    return parts


def list_notes(
    found: Mapping[str, Verdict], approvals: Sequence[Approval], sizes: pd.Series, min_customers: int
) -> list[str]:
    """What to do about names that are watched, groups without a difference, who must agree."""
    notes = []
    if any(v.is_working for v in found.values()):
        notes.append("What the groups differ in follows in part from the rule that made them.")
    clashing = [v for v in found.values() if v.clash]
    if clashing:
        shares = [
            f"{v.group} and {v.clash[0]['name']} {format_value(v.clash[0]['shared'], 'share:0')}"
            for v in clashing
        ]
        notes.append(
            f"Customers in common: {'; '.join(shares)}. A new name on one side would not cure it; who is "
            "meant is settled where sales and strategy contradict each other."
        )
    untold = [v.group for v in found.values() if v.action == WATCH and v.is_untold]
    if untold:
        verb = "stands" if len(untold) == 1 else "stand"
        notes.append(
            f"If people know what {join_words(untold)} {verb} for, state it (parameter name_meanings) and it "
            "is held against the data; else the suggested name says what the data show."
        )
    alike = [v.group for v in found.values() if v.is_described and not v.is_apart]
    if alike:
        notes.append(
            f"Nothing measured surely sets {join_words(alike)} apart from all other customers: whether "
            f"{'it is a group' if len(alike) == 1 else 'they are groups'} to plan with is for the page on "
            "merging groups to say."
        )
    few = sizes[sizes < min_customers]
    if len(few):
        notes.append(
            f"{join_words(list(few.index))} {'has' if len(few) == 1 else 'have'} fewer than "
            f"{plural(min_customers, 'customer')}: too few to say what sets them apart."
        )
    told = [line for line in approvals if line.change == "name"]
    if told and any(v.is_renamed for v in found.values()):
        line = told[0]
        within = f" within {plural(line.within_days, 'day')}" if line.within_days else ""
        notes.append(f"A change of name needs the agreement of {join_words(line.approvers)}{within}.")
    return notes


def draw_differences(
    differences: pd.DataFrame, sure: pd.DataFrame, names: Sequence[str], *, days: int
) -> tuple[Figure, ...]:
    """The differences that names can be made of, group by group."""
    top = sure.groupby("group", sort=False).head(3)
    shown = list(dict.fromkeys(top.label))[:12]
    if len(shown) < 2:
        return ()
    data = differences[differences.label.isin(shown)]
    order = {name: n for n, name in enumerate(names)}
    data = data.assign(
        at=data["group"].map(order), place=data.label.map({label: n for n, label in enumerate(shown)})
    ).sort_values(["place", "at"], ignore_index=True)
    best = top.loc[top.effect_size.abs().idxmax()]
    size = format_value(best.effect_size, "number:1")
    first = top.groupby("group", sort=False).first()
    told = "; ".join(f"{g}: {r.label} {format_value(r.effect_size, 'number:1')}" for g, r in first.iterrows())
    return (
        Figure(
            kind="heatmap",
            data=data[["group", "label", "effect_size", "low", "high"]],
            x="group",
            y="effect_size",
            series="label",
            title=f"“{_upper(best.label)}” sets {best['group']} apart most ({size} standard deviations)",
            subtitle=f"What sets groups apart, {plural(days, 'day')} of purchases, difference from "
            "all other customers in standard deviations",
            alt=f"Heat map of differences by group. Strongest of each group: {told}.",
            caption="The strongest differences of each group; 0.2 is small, 0.5 medium, 0.8 large (Cohen "
            "1988).",
            formats={name: "number:1" for name in ("effect_size", "low", "high")},
            reference=0.0,
        ),
    )


def _count(hit: int, whole: int) -> str:
    return f"All {whole}" if hit == whole else f"{hit} of {whole}"


def _column(row: Mapping[str, object]) -> str:
    return str(row["column"]).replace("_", " ")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
