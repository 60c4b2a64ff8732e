"""Slug ``typing-tool``: the shortest way to assign a customer that is as accurate as it has to be."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Decision, Figure, Finding, Override
from segutils.formats import format_value, join_words, plural
from segutils.methodology.profiles import typing_words as words
from segutils.methodology.profiles.rules import Answer, Question
from segutils.methodology.profiles.typing_candidates import CENTRE, CONTACT, RULES, Candidates, Tool
from segutils.statistics.decisions import check_override, scale_between

SLUG = "typing-tool"
LONGEST = 100.0  # numbers in a rule at which it is as long as no rule at all
FIRM = 0.8  # share of redrawn customers under which a recommendation is called firm
FORMATS = {
    "figures": "count",
    "fields": "count",
    "accuracy": "share",
    "holdout": "share",
    "low": "share",
    "high": "share",
    "weakest": "share",
    "reaches": "flag",
    "score": "number:2",
}


def decide_typing_tool(
    candidates: Candidates,
    names: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    currency: str,
    min_accuracy: float = 0.85,
    draws: int = 500,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """By which rule should customers be assigned: the shortest that is accurate enough?

    An option reaches the stated accuracy if its cross-validated accuracy is not below it (the holdout chooses
    nothing, so that it stays an honest check) and every segment can be an answer. Of those that reach it the
    one with the fewest numbers is recommended; where it misses the mark on the holdout, the headline says so
    and the finding is a caution. The score says the same: from 0.5 to 1 by
    shortness for options that reach it, below 0.5 by accuracy for the others.

    Parameters
    ----------
    candidates : Candidates
    names : pandas.DataFrame
        ``segment, name``.
    catalogue : pandas.DataFrame
        ``feature, label, format``.
    currency : str
    min_accuracy : float
        Share of customers, 0-1, that must go where the accepted solution puts them.
    draws : int
        Resamples of the customers for robustness.
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        Table: the rules in words, each with how sure it is and how often it was right on the holdout.

    Raises
    ------
    InputError
        `min_accuracy` is no share, or the override is not an option.
    """
    if not 0 < min_accuracy <= 1:
        raise InputError(
            f"min_accuracy is {min_accuracy}", where="typing tool", fix="give a share between 0 and 1"
        )
    if len(candidates.table) == 1:
        return words.say_nothing_to_assign(SLUG)
    options = list_options(candidates, min_accuracy=min_accuracy)
    best = options["option"].iloc[0]
    held = _redraw(candidates, options, min_accuracy=min_accuracy, draws=draws, seed=seed)
    decision = Decision(
        question="By which rule should customers be assigned to segments?",
        options=options.drop(columns=["family", "rules", "error", "names_all"]),
        recommendation=best,
        robustness=words.say_robustness(options, held=held, min_accuracy=min_accuracy),
        robustness_share=held,
        override=check_override(override, options["option"].tolist(), slug=SLUG),
        formats=FORMATS,
    )
    chosen = options.set_index("option").loc[decision.choice]
    tool = candidates.tools[decision.choice]
    labels, formats = (catalogue.set_index("feature")[c].to_dict() for c in ("label", "format"))
    if isinstance(tool, Question | Answer):
        table = words.build_rule_table(
            candidates, decision.choice, names, labels=labels, formats=formats, currency=currency
        )
        looks = words.RULE_FORMATS
    else:
        table = words.build_centre_table(candidates, decision.choice, names, labels=labels)
        looks = words.find_centre_formats(tool, labels, formats)
    return Finding(
        slug=SLUG,
        status="pass"
        if chosen["holdout"] >= min_accuracy and held >= FIRM and not words.is_whole(tool, candidates)
        else "caution",
        headline=words.say_headline(
            decision,
            chosen,
            tool,
            labels,
            min_accuracy=min_accuracy,
            whole=words.is_whole(tool, candidates),
        ),
        table=table,
        formats=looks,
        labels=words.TABLE_LABELS,
        figures=(
            plot_accuracy(candidates, chosen, min_accuracy=min_accuracy),
            *([plot_confusion(candidates, decision.choice, names)] if chosen["holdout"] < 1 else []),
        ),
        decision=decision,
        notes=words.list_notes(candidates, decision.choice, table),
        limits=(
            "Right means: as the accepted solution assigns. Whether that solution is the right one is the "
            "question of the notebooks before and after.",
            "The holdout are other customers of the same period; in another period the rule can do worse.",
        ),
    )


def find_option(candidates: Candidates, finding: Finding) -> str:
    """The option that holds from here on."""
    return finding.decision.choice if finding.decision else str(candidates.table["option"].iloc[0])


def find_tool(candidates: Candidates, finding: Finding) -> Tool:
    """What assigns customers from here on."""
    return candidates.tools[find_option(candidates, finding)]


def list_options(candidates: Candidates, *, min_accuracy: float) -> pd.DataFrame:
    """Which of the many ways to assign are worth a look?

    Of the rules and of the nearest centres the shortest that reaches the stated accuracy, the shortest within
    one standard error of the best of their kind, and of the rules one half as long; of what is known at first
    contact the shortest within one standard error.

    Returns
    -------
    pandas.DataFrame
        Columns of :attr:`Candidates.table` with ``reaches`` and ``score``; best first.
    """
    table = candidates.table.assign(reaches=find_reaching(candidates.table, min_accuracy=min_accuracy))
    wanted: list[str] = []
    for family in (RULES, CENTRE, CONTACT):
        own = table[table["family"] == family]
        if own.empty:
            continue
        reaching = own[own["reaches"]]
        if family != CONTACT and len(reaching):
            wanted.append(str(reaching["option"].iloc[0]))
        wanted.append(find_shortest(own))
        if family == RULES:
            length = own.set_index("option").loc[wanted[0], "rules"]
            wanted.append(str(own.loc[(own["rules"] - length / 2).abs().idxmin(), "option"]))
    shown = table[table["option"].isin(wanted)].reset_index(drop=True)
    shown["score"] = np.where(
        shown["reaches"],
        0.5 + 0.5 * scale_between(shown["figures"], worst=LONGEST, best=1.0),
        0.5 * np.minimum(shown["accuracy"] / min_accuracy, 0.99),
    )
    order = ["score", "accuracy"]
    return shown.sort_values(order, ascending=False, kind="stable", ignore_index=True)


def find_shortest(family: pd.DataFrame) -> str:
    """The shortest option that is within one standard error of the best of its family."""
    best = family.loc[family["accuracy"].idxmax()]
    near = family[family["accuracy"] >= best["accuracy"] - best["error"]]
    return str(near.sort_values("figures", kind="stable")["option"].iloc[0])


def find_reaching(table: pd.DataFrame, *, min_accuracy: float) -> pd.Series:
    """Which options are accurate enough by cross-validation, and can name every segment?"""
    return (table["accuracy"] >= min_accuracy) & table["names_all"]


def _redraw(
    candidates: Candidates, options: pd.DataFrame, *, min_accuracy: float, draws: int, seed: int
) -> float:
    """In which share of resamples of the customers is the same option the shortest that reaches?"""
    rng = np.random.default_rng(seed)
    place = {option: n for n, option in enumerate(candidates.table["option"])}
    order = options.sort_values("figures", kind="stable")
    correct = candidates.correct[:, [place[option] for option in order["option"]]]
    can = order["names_all"].to_numpy()
    won = np.zeros(len(order))
    for _ in range(draws):
        share = correct[rng.integers(0, len(correct), len(correct))].mean(axis=0)
        reaches = (share >= min_accuracy) & can
        won[int(reaches.argmax()) if reaches.any() else int(share.argmax())] += 1
    return float(won[order["option"].tolist().index(options["option"].iloc[0])] / draws)


def plot_accuracy(candidates: Candidates, chosen: pd.Series, *, min_accuracy: float) -> Figure:
    """How much accuracy does each further rule buy?"""
    shown = candidates.table[candidates.table["family"].isin([RULES, CONTACT])]
    series: Mapping[str, str] = {RULES: "From what they buy", CONTACT: "From what is known at first contact"}
    data = shown.assign(known=shown["family"].map(series))[["rules", "holdout", "known", "low", "high"]]
    best = shown[shown["family"] == RULES]
    top = best.loc[best["holdout"].idxmax()]
    enough = best[best["holdout"] >= top["holdout"] - 0.01].iloc[0]
    lines = [
        f"{name}: {format_value(part['holdout'].iloc[0], 'share:0')} with {int(part['rules'].iloc[0])} "
        f"rules, {format_value(part['holdout'].iloc[-1], 'share:0')} with {int(part['rules'].iloc[-1])}"
        for name, part in data.groupby("known", sort=False)
    ]
    return Figure(
        kind="line",
        data=data.sort_values("rules", kind="stable", ignore_index=True),
        x="rules",
        y="holdout",
        series="known",
        low="low",
        high="high",
        title=f"{int(enough['rules'])} rules place {format_value(enough['holdout'], 'share:0')} of customers "
        "right; more rules add less than one in a hundred",
        subtitle="Customers of the holdout by number of rules, share assigned as the accepted solution does, "
        "95 % interval",
        alt=f"Lines of accuracy over the number of rules. {'; '.join(lines)}.",
        caption=f"The stated accuracy is {format_value(min_accuracy, 'share:0')}. Rules were learned from "
        "other customers than those counted here.",
        formats={"rules": "count", "holdout": "share:0", "low": "share:0", "high": "share:0"},
        reference=min_accuracy,
        reference_label="Stated accuracy",
        highlight=series[str(chosen["family"])] if chosen["family"] in series else None,
    )


def plot_confusion(candidates: Candidates, option: str, names: pd.DataFrame) -> Figure:
    """Which segments does the rule mistake for which?"""
    named = names.set_index("segment")["name"]
    codes = [code for code in names["segment"] if code in set(candidates.assigned["segment"])]
    counts = pd.crosstab(candidates.holdout["segment"], candidates.holdout[option])
    shares = counts.div(counts.sum(axis=1), axis=0).reindex(index=codes, columns=codes, fill_value=0.0)
    data = shares.rename_axis(index="segment", columns="assigned").stack().rename("share").reset_index()
    data = data.assign(segment=data["segment"].map(named), assigned=data["assigned"].map(named))
    right = [f"{named[code]} {format_value(shares.loc[code, code], 'share:0')}" for code in codes]
    wrong = data[data["segment"] != data["assigned"]]
    worst = wrong.loc[wrong["share"].idxmax()]
    share = format_value(worst["share"], "share:0")
    return Figure(
        kind="heatmap",
        data=data,
        x="assigned",
        y="share",
        series="segment",
        title=f"Most frequent mistake: {share} of “{worst['segment']}” are taken for “{worst['assigned']}”"
        if worst["share"] > 0
        else "No segment is mistaken for another",
        subtitle="Customers of the holdout by segment (row) and assigned segment (column), share of the "
        f"row, {option[0].lower()}{option[1:]}",
        alt=f"Heat map of true by assigned segment. Right: {join_words(right)}.",
        caption=f"{plural(len(candidates.holdout), 'customer')} that the rule was not learned from.",
        formats={"share": "share:0"},
    )
