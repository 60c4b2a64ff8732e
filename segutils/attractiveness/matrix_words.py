"""Words of the matrix of attractiveness and competitiveness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.attractiveness.acceptability import ANY, NEAR, TOGETHER
from segutils.attractiveness.matrix import Matrix, find_flips, find_share_flip, list_reversals
from segutils.attractiveness.rules import AXES, StatedRules, call_measure
from segutils.attractiveness.samples import GroupSamples
from segutils.findings import Decision
from segutils.formats import format_value, join_words, plural
from segutils.statistics import portfolio
from segutils.statistics.raters import describe_raters

NOBODY = "Nobody"


def say_nobody(word: str) -> str:
    """The option that stands where no group keeps the limits."""
    return f"No {word}"


def say_headline(matrix: Matrix, decision: Decision, *, word: str, redrawn: str) -> str:
    """Who comes first, how sure that is, who is dropped."""
    table, best = matrix.table, decision.recommendation
    if decision.choice != best:
        return f"The client targets {decision.choice} first; the scores recommend {best}."
    if best == say_nobody(word):
        return f"No {word} keeps the stated limits: all {len(table)} miss one at least."
    if len(matrix.passing) == 1:
        only = f"the only {word}" if len(table) == 1 else f"the only one of {len(table)} {word}s"
        return f"{best} is {only} that keeps the stated limits, so there is nothing to choose between."
    if len(level := matrix.level) > 1:
        return f"{join_words(level)} come first together: by the stated criteria they are level."
    share = format_value(decision.robustness_share, "share:0")
    dropped = table.name[table.verdict == portfolio.DROP].tolist()
    end = f"; {join_words(dropped)} {'is' if len(dropped) == 1 else 'are'} dropped" if dropped else ""
    if len(dropped) > 2:
        end = f"; {len(dropped)} {word}s are dropped"
    strong = table.set_index("name").verdict[best] == portfolio.TARGET
    called = "is the first target" if strong else "comes first, though not strong enough for a target"
    missing = len({*matrix.stated.missing, *matrix.unknown})
    gap = f", with {plural(missing, 'criterion', 'criteria')} unknown" if missing else ""
    return f"{best} {called}{gap}, and stays first in {share} of other {redrawn}{end}."


def say_robustness(recommended: str, held: Mapping[str, float], matrix: Matrix) -> str:
    """Weights apart from samples, samples apart from groups formed anew; what flips it."""
    samples, accepted = matrix.samples, matrix.accepted
    if recommended not in samples.names:
        none = format_value(held[TOGETHER], "share:0")
        return (
            f"{recommended} keeps the limits, and none does in {none} of {len(samples.widest)} other samples."
        )
    share = {cause: format_value(value, "share:0") for cause, value in held.items()}
    text = (
        f"Weights: {recommended} stays first under {share[NEAR]} of {accepted.draws:,} random ones around "
        f"those stated, and under {share[ANY]} of weights of any kind. Sampling: in "
        f"{share[next(iter(samples.redrawn))]} of {len(samples.widest)} other samples of customers"
    )
    if samples.agreement is not None:
        text += (
            f", and in {share[list(samples.redrawn)[-1]]} when the segments are formed anew on each (they "
            f"agree with the present ones at {np.mean(samples.agreement):.2f} of 1)"
        )
    text += f". Weights and samples at once: {share[TOGETHER]}."
    others = accepted.firsts[(accepted.firsts.cause == TOGETHER) & (accepted.firsts.name != recommended)]
    if (others.first_share > 0).any():
        rival = others.sort_values("first_share", ascending=False).iloc[0]
        text += f" Otherwise {rival['name']} comes first most often."
    return f"{text} {say_flips(matrix)}".rstrip()


def say_flips(matrix: Matrix) -> str:
    """The smallest change of one weight, and of the balance of the axes, that changes the first place."""
    if len(matrix.passing) < 2:
        return ""
    if len(matrix.level) > 1:
        return f"{join_words(matrix.level)} share the first place already."
    flips, shares = find_flips(matrix.samples, matrix.stated.rules), find_share_flip(matrix)
    parts, near = [], flips.dropna(subset=["flip_weight"])
    if len(near):
        top = near.iloc[0]
        parts.append(
            f"{top.winner_then} comes first once {call_measure(top.criterion)} weighs "
            f"{format_value(top.flip_weight, 'share:0')} of the total of both axes instead of "
            f"{format_value(top.weight, 'share:0')}"
        )
    now = format_value(matrix.stated.rules.attractiveness_share, "share:0")
    parts += [
        f"{row.winner_then} once attractiveness counts {format_value(row.share, 'share:0')} of the total "
        f"instead of {now}"
        for row in shares.itertuples()
    ]
    if not parts:
        return "No weight of a single criterion flips it, nor any balance of the two axes."
    held = "" if len(near) else "No weight of a single criterion flips it. "
    return f"{held}What flips it: {'; '.join(parts)}."


def say_measures(missed: str) -> str:
    """``margin_rate, reach`` in words."""
    return join_words([call_measure(name) for name in missed.split(", ") if name])


def list_notes(matrix: Matrix, *, word: str) -> list[str]:
    """TOPSIS and what its order hangs on, the raters, and criteria that are not known."""
    notes = []
    if matrix.stated.missing or matrix.unknown:
        notes.append(_say_missing(matrix))
    lost = matrix.passing.name[matrix.passing.score.isna()].tolist()
    if lost:
        notes.append(f"Not scored, as nothing is known of them on one axis: {join_words(lost)}.")
    notes.append(say_topsis(matrix, word=word))
    notes += say_raters(matrix)
    return notes


def say_topsis(matrix: Matrix, *, word: str) -> str:
    """Whether TOPSIS gives the order of the weighted sum, and whether its own hangs on who is there."""
    passing = matrix.passing
    if len(passing) < 2 or passing.topsis.isna().any():
        return f"Fewer than two {word}s keep the limits, so there is no order to test by TOPSIS."
    order = passing.sort_values("topsis", ascending=False, kind="stable").name.tolist()
    if order == passing.name.tolist():
        text = "TOPSIS gives the same order as the weighted sum"
    else:
        too = " too, with another order behind" if order[0] == passing.name.iloc[0] else ""
        text = f"TOPSIS puts {order[0]} first{too}"
    if matrix.unknown:
        left_out = join_words([call_measure(name) for name in matrix.unknown])
        text = f"{text} (TOPSIS without {left_out})"
    turned = list_reversals(matrix.samples, matrix.stated.rules)
    if turned.empty:
        return f"{text}; it keeps its order whichever {word} is left out or let in."
    row = turned.iloc[0]
    pairs = len(turned) - 1
    more = f" (and {plural(pairs, 'pair')} more would turn)" if pairs else ""
    return (
        f"{text}; its order depends on who is compared: {row.change} {row.group}, {row.worse} would pass "
        f"{row.better}{more}. The weighted sum judges each by itself."
    )


def say_raters(matrix: Matrix) -> list[str]:
    """Per axis, whose weights they are and on what they differ; whom each rater alone would put first."""
    stated = matrix.stated
    notes = []
    for axis in AXES:
        reconciled = getattr(stated, axis)
        called = {name: call_measure(name) for name in reconciled.weights.criterion}
        notes.append(describe_raters(reconciled, words=called, of=axis))
    if len(stated.raters) < 2:
        return notes
    firsts = {name: order[0] if order else NOBODY for name, order in order_by_rater(matrix).items()}
    if len(set(firsts.values())) == 1:
        notes.append(f"Each rater alone would put {next(iter(firsts.values()))} first too.")
        return notes
    parts = [
        f"{choice} for {' and '.join(n for n, c in firsts.items() if c == choice)}"
        for choice in dict.fromkeys(firsts.values())
    ]
    return [*notes, f"Each rater alone would put another first: {'; '.join(parts)}."]


def order_by_rater(matrix: Matrix) -> dict[str, list[str]]:
    """Each rater's own order of the groups that keep the limits, by the total of both axes."""
    return {name: _order(matrix.samples, matrix.stated, name) for name in matrix.stated.raters}


def _order(samples: GroupSamples, stated: StatedRules, rater: str) -> list[str]:
    ranks = portfolio.judge_groups(samples.values, samples.measures, stated.of_rater(rater)).ranks()
    return [samples.names[n] for n in np.argsort(ranks, kind="stable") if ranks[n] > 0]


def _say_missing(matrix: Matrix) -> str:
    stated, passing = matrix.stated, matrix.passing
    weight = sum(stated.stated.weights[name] for name in stated.missing)
    sure = len(passing) < 2 or (passing.score_low.iloc[0] >= passing.score_high.iloc[1:]).all()
    listed = [call_measure(name) for name in stated.missing]
    listed += [f"{call_measure(name)} of {join_words(groups)}" for name, groups in matrix.unknown.items()]
    went = f"{format_value(weight, 'share:0')} of the weight" if stated.missing else "Its weight"
    went = f"{went}, and more of these groups'," if stated.missing and matrix.unknown else went
    return f"Not known: {join_words(listed)}. {went} went to the other criteria in proportion; " + (
        "the first place would stand whatever they were." if sure else "they could change the order."
    )


def name_redrawn(samples: GroupSamples, word: str) -> str:
    """What is varied at once, in words: ``weights and customers``."""
    return "weights and customers" if samples.agreement is None else f"weights, customers and {word}s"


def list_verdicts(table: pd.DataFrame, *, word: str) -> Sequence[str]:
    """``1 segment to target``, ``4 segments to maintain``, …"""
    found = table.groupby("verdict").name.size()
    return [
        f"{plural(int(found[verdict]), word)} to {verdict}"
        for verdict in (portfolio.TARGET, portfolio.MAINTAIN, portfolio.DROP)
        if verdict in found
    ]
