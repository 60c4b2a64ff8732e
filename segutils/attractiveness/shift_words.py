"""Words and drawings of what changes when the strategy moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.attractiveness.matrix import Matrix
from segutils.attractiveness.rules import StatedRules, call_measure
from segutils.attractiveness.samples import GroupSamples
from segutils.attractiveness.shift import LEVELS, list_firsts, list_swaps, list_turns
from segutils.attractiveness.ways import Shift, build_shift, judge_way, trace_way
from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural
from segutils.statistics import portfolio

ENDS = (0.0, 0.25, 0.5, 0.75, 1.0)  # where lines are drawn; the breakpoints do not depend on it
MAX_LINES = 12  # groups in the drawing, those that come furthest up on the way
LEVEL = 1e-9  # a lead that is none
SEVERAL = 3  # names in a sentence, above which they are counted


def count_sure(table: pd.DataFrame, flips: pd.DataFrame, first: str) -> float:
    """How often the least sure decision that holds would hold in other samples."""
    holds = table.same_share[table.flips_at.isna()]
    return float(min(holds.min() if len(holds) else 1.0, _hold(flips, first)))


def name_way(shift: Shift) -> str:
    """``from growth of the market a year to contribution margin``: what loses and what gains most."""
    change = shift.after - shift.before
    loser, winner = (call_measure(shift.criteria[n]) for n in (int(change.argmin()), int(change.argmax())))
    return f"from {loser} to {winner}"


def say_path(row, turns: pd.DataFrame) -> str:
    """``drop, maintain from 15 %, target from 85 %``."""
    own = turns[turns.name == row.name]
    later = [f"{turn.verdict} from {_share(turn.way)}" for turn in own.itertuples()]
    return ", ".join([row.verdict_now, *later])


def say_headline(
    samples: GroupSamples,
    shift: Shift,
    turns: pd.DataFrame,
    path: Sequence[tuple[float, int]],
    swaps: pd.DataFrame,
    *,
    word: str,
) -> str:
    """What flips, where; or that nothing does, and by how much it holds."""
    way = f"If weight moves {name_way(shift)} as stated"
    names = [*samples.names, "nobody"]
    parts = []
    if len(path) > 1:
        spot, winner = path[1]
        parts.append(
            f"{names[winner]} overtakes {names[path[0][1]]} as first target at {_share(spot)} of the way"
        )
    last = turns.drop_duplicates("name", keep="last")
    start = turns.drop_duplicates("name").set_index("name").before
    last = last.assign(up=[LEVELS[row.verdict] > LEVELS[start[row.name]] for row in last.itertuples()])
    last = last[last.verdict != last.name.map(start)]
    for verdict in (portfolio.TARGET, portfolio.MAINTAIN, portfolio.DROP):
        for up in (True, False):
            own = last[(last.verdict == verdict) & (last.up == up)]
            if len(own):
                parts.append(_say_verdict(own, verdict, word, up=up))
    if parts:
        first = names[path[0][1]]
        held = f"; {first} stays first all the way" if len(path) == 1 and path[0][1] >= 0 else ""
        if swaps.empty and len(last) and last.up.nunique() == 1:
            held += (
                f", and no {word} passes another: scores {'rise' if last.up.all() else 'fall'}, ranks stay"
            )
        return f"{way}, {join_words(parts)}{held}."
    order = "two places change" if len(swaps) == 1 else f"{len(swaps)} pairs change places"
    kept = f"only {order}" if len(swaps) else f"no {word} changes its place"
    if path[0][1] < 0:
        return f"{way}, nothing flips: no {word} keeps the limits, whatever the weights."
    lead = find_lead(samples, shift)
    if lead <= LEVEL:
        return f"{way}, no decision flips, and {names[path[0][1]]} comes first level with another {word}."
    by = "" if np.isnan(lead) else f" by {format_value(lead, 'number:2')} of 1 at least"
    return f"{way}, no decision flips: {names[path[0][1]]} stays first{by}, and {kept}."


def say_shift(matrix: Matrix, then: StatedRules | None, *, word: str) -> list[str]:
    """In one sentence what would flip under another strategy; nothing where none is stated."""
    if then is None or not then.applies or matrix.table.empty:
        return []
    samples, shift = matrix.samples, build_shift(matrix.stated, then)
    if np.allclose(shift.before, shift.after):
        return []
    turns, swaps = list_turns(samples, shift), list_swaps(samples, shift)
    path = list_firsts(samples.values, samples.measures, shift)
    return [say_headline(samples, shift, turns, path, swaps, word=word)]


def find_lead(samples: GroupSamples, shift: Shift) -> float:
    """The smallest lead of the first over the second anywhere on the way; NaN with fewer than two."""
    starts, _ = trace_way(samples.values, samples.measures, shift)
    judged = judge_way(samples.values, samples.measures, shift, np.append(starts, 1.0))
    total = np.where(judged.passes, judged.total, np.nan)
    if (np.isfinite(total).sum(axis=1) < 2).any():
        return float("nan")
    ranked = np.sort(np.nan_to_num(total, nan=-1.0), axis=1)
    return float((ranked[:, -1] - ranked[:, -2]).min())


def say_first(
    samples: GroupSamples,
    shift: Shift,
    path: Sequence[tuple[float, int]],
    flips: pd.DataFrame,
    *,
    word: str,
) -> list[str]:
    """How surely the first place holds or flips, and how far beyond the stated way it would hold."""
    names = [*samples.names, "nobody"]
    if path[0][1] < 0 or len(samples.names) < 2:
        return []
    first = names[path[0][1]]
    if find_lead(samples, shift) <= LEVEL and len(path) == 1:
        return [f"{first} is level with another {word}; that it comes first is the order of their names."]
    if len(path) > 1:
        then = names[path[1][1]]
        same = flips[(flips["first"] == first) & (flips.winner_then == then)].flips_at.dropna()
        ends = ""
        if len(same):
            low, high = np.quantile(same, [0.05, 0.95])
            ends = f", there between {_share(low)} and {_share(high)} of the way"
        share = _share(len(same) / len(flips))
        return [f"{then} takes the first place from {first} in {share} of {len(flips)} other samples{ends}."]
    furthest = shift.furthest
    beyond = list_firsts(samples.values, samples.measures, shift, until=furthest)
    times = format_value(furthest, "number:1")
    if len(beyond) > 1:
        times = format_value(beyond[1][0], "number:1")
        more = f"{names[beyond[1][1]]} would pass it only if the weights moved {times} times as far as stated"
    else:
        more = f"it would stay first even if they moved {times} times as far, where a weight is used up"
    held = _share(_hold(flips, first))
    lead = format_value(find_lead(samples, shift), "number:2")
    sampled = f"{first} stays first all the way in {held} of {len(flips)} other samples"
    by = "" if lead == format_value(None) else f", with all customers by {lead} at least"
    return [f"{sampled}{by}; {more}."]


def say_swaps(swaps: pd.DataFrame) -> list[str]:
    """Who passes whom, and where."""
    if swaps.empty:
        return ["No two change places on the way."]
    listed = [f"{row.up} passes {row.down} at {_share(row.way)} of the way" for row in swaps.itertuples()]
    more = f"; {plural(len(listed) - 6, 'pair')} more follow" if len(listed) > 6 else ""
    return [f"{'; '.join(listed[:6])}{more}."]


def say_open(table: pd.DataFrame, *, firm: float) -> list[str]:
    """Verdicts that other samples would often decide otherwise."""
    doubtful = table[table.same_share < firm].sort_values("same_share", kind="stable")
    if doubtful.empty:
        return []
    listed = [f"{row.name} (the same in {_share(row.same_share)})" for row in doubtful.itertuples()]
    return [f"Not sure, as other samples often give other verdicts on the way: {join_words(listed)}."]


def say_weights(shift: Shift, table: pd.DataFrame, path: Sequence[tuple[float, int]]) -> str:
    """What the weights are at both ends, and at the first flip."""
    spots = [spot for spot, _ in path[1:]] + table.flips_at.dropna().tolist()
    parts = []
    for n in np.argsort(-np.abs(shift.after - shift.before), kind="stable"):
        name = call_measure(shift.criteria[n])
        parts.append(f"{name} from {_share(shift.before[n])} to {_share(shift.after[n])}")
    text = f"Weights of attractiveness move: {', '.join(parts)}."
    if not spots:
        return text
    spot = min(spots)
    change = shift.after - shift.before
    told = [
        f"{call_measure(shift.criteria[n])} {_share(shift.weigh(spot)[n])}"
        for n in (int(change.argmax()), int(change.argmin()))
    ]
    return f"{text} The first decision flips where {join_words([told[0] + ' is reached', told[1]])}."


def say_missing(now: StatedRules, then: StatedRules) -> list[str]:
    """Criteria of the two weightings that are not known."""
    missing = list(dict.fromkeys([*now.missing, *then.missing]))
    if not missing:
        return []
    listed = join_words([call_measure(name) for name in missing])
    return [f"Not known: {listed}; their weight goes to the other criteria in proportion."]


def draw_ways(
    samples: GroupSamples,
    shift: Shift,
    table: pd.DataFrame,
    path: Sequence[tuple[float, int]],
    swaps: pd.DataFrame,
    *,
    word: str,
) -> Figure:
    """Scores of the groups on the way."""
    judged = judge_way(samples.values, samples.measures, shift, np.array(ENDS))
    best = table[["rank_now", "rank_then"]].where(lambda places: places > 0).min(axis=1)
    shown = table.loc[sorted(best.sort_values(kind="stable").index[:MAX_LINES])]
    order = {name: n for n, name in enumerate(shown.name)}
    data = pd.DataFrame(
        [
            (way, name, judged.total[n, samples.names.index(name)])
            for name in order
            for n, way in enumerate(ENDS)
        ],
        columns=["share_of_the_way", "name", "score"],
    )
    names = [*samples.names, "nobody"]
    first = names[path[0][1]]
    if len(path) > 1:
        title = f"{names[path[1][1]]} overtakes {first} at {_share(path[1][0])} of the way"
    elif len(swaps):
        title = f"{first} stays first; {plural(len(swaps), 'pair')} behind it change places"
    else:
        title = f"{first} stays first, and no {word} changes its place"
    return Figure(
        kind="line",
        data=data,
        x="share_of_the_way",
        y="score",
        series="name",
        title=title if path[0][1] >= 0 else f"No {word} keeps the limits, whatever the weights",
        subtitle=f"Score of each {word} (0 worst, 1 best) as weight moves {name_way(shift)}; 0 % today, "
        "100 % as stated for the other strategy",
        alt=f"{plural(len(order), 'line')} over the way from today's weights to the others. {title}.",
        formats={"share_of_the_way": "share:0", "score": "number:2"},
        highlight=first if path[0][1] >= 0 else None,
    )


def draw_flips(
    table: pd.DataFrame, shift: Shift, *, word: str, samples: int, level: float
) -> tuple[Figure, ...]:
    """Where the verdicts flip, with their intervals."""
    data = table[table.flips_at.notna()].sort_values("flips_at", kind="stable", ignore_index=True)
    if data.empty:
        return ()
    soon = data.iloc[0]
    title = (
        f"The verdict on {soon['name']} changes first: at {_share(soon.flips_at)} of the way "
        f"({_share(soon.flips_low)} to {_share(soon.flips_high)})"
    )
    figure = Figure(
        kind="dot",
        data=data[["name", "flips_at", "flips_low", "flips_high", "same_share"]],
        x="name",
        y="flips_at",
        low="flips_low",
        high="flips_high",
        title=title,
        subtitle=f"Place on the way {name_way(shift)} at which the verdict on a {word} changes; 0 % today, "
        "100 % as stated",
        alt=f"{plural(len(data), 'dot')}: "
        f"{join_words([f'{row.name} {_share(row.flips_at)}' for row in data.itertuples()])}.",
        caption=f"Strokes: middle {_share(level)} of {samples} samples of the customers; at 0 % the verdict "
        "has changed from the start, at 100 % it has not by the end.",
        formats={"flips_at": "share:0", "same_share": "share:0"},
        highlight=str(soon["name"]),
    )
    return (figure,)


def _say_verdict(own: pd.DataFrame, verdict: str, word: str, *, up: bool) -> str:
    """``OEM (at 66 % of the way) and Projects (at 79 %) become targets``."""
    spots = [_share(spot) for spot in own.way]
    if len(own) > SEVERAL:
        who = f"{len(own)} {word}s (at {spots[0]} of the way or later)"
    else:
        spots[0] += " of the way"
        who = join_words([f"{name} (at {spot})" for name, spot in zip(own.name, spots, strict=True)])
    many = len(own) > 1
    verbs = {
        (portfolio.TARGET, True): "become targets" if many else "becomes a target",
        (portfolio.MAINTAIN, True): "are no longer dropped" if many else "is no longer dropped",
        (portfolio.MAINTAIN, False): "are no longer targets" if many else "is no longer a target",
        (portfolio.DROP, False): "are dropped" if many else "is dropped",
    }
    return f"{who} {verbs[(verdict, up)]}"


def _hold(flips: pd.DataFrame, first: str) -> float:
    """Share of samples in which this group is first all the way."""
    return float(((flips["first"] == first) & flips.flips_at.isna()).mean())


def _share(value: float) -> str:
    return format_value(value, "share:0")
