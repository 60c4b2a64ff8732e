"""What the typing tool's tables and sentences say."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Decision, Finding
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.methodology.profiles import rules
from segutils.methodology.profiles.rules import Answer, Question
from segutils.methodology.profiles.typing_candidates import Candidates, Tool
from segutils.statistics.intervals import wilson_interval
from segutils.statistics.rates import newcombe_interval
from segutils.statistics.segment_model import SegmentModel

RULE_FORMATS = {
    "customers": "count",
    "stated": "share:0",
    "right": "share:0",
    "low": "share:0",
    "high": "share:0",
    "as_stated": "flag",
}
TABLE_LABELS = {
    "when": "Customers with",
    "segment": "belong to",
    "customers": "Holdout customers",
    "stated": "Right where learned",
    "right": "Right on holdout",
    "low": "from",
    "high": "to",
    "as_stated": "As sure as stated",
}


def build_rule_table(
    candidates: Candidates,
    option: str,
    names: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    formats: Mapping[str, str],
    currency: str,
) -> pd.DataFrame:
    """Each rule in words, how sure it is and how often it was right on the holdout.

    Returns
    -------
    pandas.DataFrame
        ``when, segment, customers, stated`` (share right among those it was learned from, drawn towards one
        half: (right + 1)/(customers + 2)), ``right, low, high`` (on the holdout, Wilson interval),
        ``as_stated`` (the interval of the difference of the two holds 0: Newcombe); by segment, the larger
        rule first.
    """
    tool = candidates.tools[option]
    assert isinstance(tool, Question | Answer)
    named = names.set_index("segment")["name"]
    place = {code: n for n, code in enumerate(names["segment"])}
    rows = []
    for path, reached in zip(rules.list_paths(tool), _count_paths(candidates, option), strict=True):
        low, high = wilson_interval(reached["right"], reached["customers"])
        learned = (path.answer.right + 1, path.answer.customers + 2)
        off = newcombe_interval(*learned, reached["right"], reached["customers"])
        rows.append(
            {
                "when": rules.describe_path(path, labels=labels, formats=formats, currency=currency),
                "segment": named.get(path.answer.segment, path.answer.segment),
                "customers": reached["customers"],
                "stated": (path.answer.right + 1) / (path.answer.customers + 2),
                "right": reached["right"] / reached["customers"] if reached["customers"] else np.nan,
                "low": low,
                "high": high,
                "as_stated": bool(off[0] <= 0 <= off[1]) if reached["customers"] else None,
                "order": place.get(path.answer.segment, len(place)),
            }
        )
    table = pd.DataFrame(rows).sort_values(["order", "customers"], ascending=[True, False], kind="stable")
    return table.drop(columns="order").reset_index(drop=True)


def build_centre_table(
    candidates: Candidates, option: str, names: pd.DataFrame, *, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Each segment's centre in natural units, and how often its customers were found on the holdout.

    Returns
    -------
    pandas.DataFrame
        ``segment``, a column per feature (its label), ``customers, right, low, high``.
    """
    model = candidates.tools[option]
    assert isinstance(model, SegmentModel)
    scaling = model.scaling
    raw = model.centres * scaling.scales + scaling.means
    back = [np.expm1(c) if how == "log1p" else c for c, how in zip(raw.T, scaling.transforms, strict=True)]
    named = names.set_index("segment")["name"]
    table = pd.DataFrame({"segment": [named.get(code, code) for code in model.names]})
    for feature, column in zip(scaling.features, back, strict=True):
        table[labels.get(feature, feature)] = column
    accuracy = build_accuracy(candidates, option, names)
    return table.merge(
        accuracy[["segment", "customers", "found", "found_low", "found_high"]], on="segment", how="left"
    ).rename(columns={"found": "right", "found_low": "low", "found_high": "high"})


def find_centre_formats(
    model: SegmentModel, labels: Mapping[str, str], formats: Mapping[str, str]
) -> dict[str, str]:
    """Formats of :func:`build_centre_table`."""
    looks = {labels.get(name, name): formats.get(name, "number:2") for name in model.scaling.features}
    return looks | {name: look for name, look in RULE_FORMATS.items() if name not in ("stated", "as_stated")}


def build_accuracy(candidates: Candidates, option: str, names: pd.DataFrame) -> pd.DataFrame:
    """How many of each segment's customers are found, and how many of those named belong there?

    Returns
    -------
    pandas.DataFrame
        ``segment`` (its name), ``customers`` (of the holdout), ``found, found_low, found_high`` (share of
        them that are assigned to it), ``assigned`` (customers put there), ``right, right_low, right_high``
        (share of those who belong there), ``taken_for`` (the segment it is mistaken for most often).
        Wilson intervals.
    """
    holdout = candidates.holdout
    counts = pd.crosstab(holdout["segment"], holdout[option])
    codes = [code for code in names["segment"] if code in counts.index]
    counts = counts.reindex(index=codes, columns=codes, fill_value=0)
    named = names.set_index("segment")["name"]
    own, put = counts.sum(axis=1).to_numpy(), counts.sum(axis=0).to_numpy()
    hits = np.diag(counts)
    found, right = wilson_interval(hits, own), wilson_interval(hits, put)
    mistaken = counts.to_numpy(dtype=float) - np.diag(hits)
    taken = [named[codes[row.argmax()]] if row.max() > 0 else "" for row in mistaken]
    return pd.DataFrame(
        {
            "segment": [named[code] for code in codes],
            "customers": own,
            "found": hits / np.where(own > 0, own, np.nan),
            "found_low": found[:, 0],
            "found_high": found[:, 1],
            "assigned": put,
            "right": hits / np.where(put > 0, put, np.nan),
            "right_low": right[:, 0],
            "right_high": right[:, 1],
            "taken_for": taken,
        }
    )


def check_accuracy(candidates: Candidates, option: str, names: pd.DataFrame) -> Finding:
    """In which segments does the chosen rule go wrong?

    Parameters
    ----------
    candidates : Candidates
    option : str
    names : pandas.DataFrame
        ``segment, name``.

    Returns
    -------
    Finding
        Table: :func:`build_accuracy`.
    """
    table = build_accuracy(candidates, option, names)
    worst, best = table.loc[table["found"].idxmin()], table.loc[table["found"].idxmax()]
    share = {row["segment"]: format_value(row["found"], "share:0") for row in (worst, best)}
    interval = " to ".join(format_value(worst[end], "share:0") for end in ("found_low", "found_high"))
    even = worst["found"] == best["found"]
    headline = (
        f"Every segment's customers are found equally often: {share[best['segment']]}"
        if even
        else f"“{worst['segment']}” is found least often, {share[worst['segment']]} of its customers "
        f"({interval}), “{best['segment']}” most often, {share[best['segment']]}"
    )
    return Finding(
        slug="typing-tool",
        status="info",
        headline=headline,
        table=table,
        formats={"customers": "count", "assigned": "count"}
        | {f"{name}{end}": "share:0" for name in ("found", "right") for end in ("", "_low", "_high")},
        labels={
            "found": "Found",
            "found_low": "from",
            "found_high": "to",
            "assigned": "Assigned to it",
            "right": "Of these right",
            "right_low": "from ",
            "right_high": "to ",
            "taken_for": "Mistaken for",
        },
        notes=(
            f"Counted for the option “{option}” on {plural(len(candidates.holdout), 'customer')} of the "
            "holdout; Wilson intervals of 95 %.",
        ),
    )


def say_nothing_to_assign(slug: str) -> Finding:
    """The finding where customers form one group."""
    return Finding(
        slug=slug,
        status="info",
        headline="Customers are not cut into segments, so there is nothing to assign",
        table=pd.DataFrame({"when": ["Everybody"], "segment": ["the only group"]}),
        labels=TABLE_LABELS,
    )


def is_whole(tool: Tool, candidates: Candidates) -> bool:
    """Whether this is the accepted solution itself: the nearest centre on all of its features."""
    most = max(
        (len(t.scaling.features) for t in candidates.tools.values() if isinstance(t, SegmentModel)), default=0
    )
    return isinstance(tool, SegmentModel) and len(tool.scaling.features) == most


def say_headline(
    decision: Decision,
    chosen: pd.Series,
    tool: Tool,
    labels: Mapping[str, str],
    *,
    min_accuracy: float,
    whole: bool,
) -> str:
    """What the rule is, what it asks for, and how often it is right (the whole solution is always)."""
    share = format_value(chosen["holdout"], "share:0")
    interval = f"({' to '.join(format_value(chosen[end], 'share:0') for end in ('low', 'high'))})"
    if isinstance(tool, Question | Answer):
        asked = [lower_first(labels.get(field, field)) for field in rules.list_fields(tool)]
        what = f"{plural(int(chosen['rules']), 'rule')} on {join_words(asked)}"
        if len(asked) > 4:
            what = f"{plural(int(chosen['rules']), 'rule')} on {len(asked)} features"
    else:
        what = f"The nearest centre on {plural(int(chosen['fields']), 'feature')}"
    if whole and decision.choice == decision.recommendation:
        short = decision.options[decision.options["option"] != decision.choice]
        best = short.loc[short["holdout"].idxmax()] if len(short) else chosen
        return (
            f"Nothing shorter than the solution itself is right for {format_value(min_accuracy, 'share:0')}: "
            f"the best shorter one ({lower_first(best['option'])}) places "
            f"{format_value(best['holdout'], 'share:0')} of customers"
        )
    verb = "place" if what[0].isdigit() and not what.startswith("1 ") else "places"
    end = f"{verb} {share} {interval} of customers as the accepted solution does"
    if chosen["holdout"] < min_accuracy and (chosen["reaches"] or decision.choice != decision.recommendation):
        end += f", short of the {format_value(min_accuracy, 'share:0')} asked for"
    if decision.choice != decision.recommendation:
        return f"By the client's choice, {lower_first(what)} {end}"
    if not chosen["reaches"]:
        return f"No rule reaches {format_value(min_accuracy, 'share:0')}; {lower_first(what)} {end}"
    return f"{what} {end}"


def say_robustness(options: pd.DataFrame, *, held: float, min_accuracy: float) -> str:
    """How sure the recommendation is, and at which stated accuracy another one would hold."""
    best = options.iloc[0]
    words = (
        f"Sampling noise: “{best['option']}” remains the shortest that reaches "
        f"{format_value(min_accuracy, 'share:0')} in {format_value(held, 'share:0')} of redrawn sets of the "
        "customers."
    )
    can = options[options["names_all"]].assign(reach=options["accuracy"])
    shorter = can[(can["figures"] < best["figures"])].sort_values("reach")
    longer = can[(can["figures"] > best["figures"]) & (can["reach"] > best["accuracy"])]
    parts = []
    if len(shorter):
        row = shorter.iloc[-1]
        parts.append(f"“{row['option']}” would do at {format_value(row['reach'], 'share')} or less")
    if len(longer):
        row = longer.sort_values("figures", kind="stable").iloc[0]
        parts.append(f"above {format_value(best['accuracy'], 'share')} it takes “{row['option']}”")
    flips = f" What flips it is the stated accuracy: {join_words(parts)}." if parts else ""
    return f"{words}{flips}"


def list_notes(candidates: Candidates, option: str, table: pd.DataFrame) -> tuple[str, ...]:
    """Weakest segments, how far the rules' own certainty can be believed, and what else was tried."""
    notes = []
    if "stated" in table:
        known = table[table["customers"] > 0]
        inside = int(known["as_stated"].astype(bool).sum())
        off = ((known["stated"] - known["right"]).abs() * known["customers"]).sum() / known["customers"].sum()
        notes.append(
            f"Calibration: each rule says how sure it is ((right + 1)/(customers + 2) where it "
            f"was learned). On the holdout that is off by {format_value(off, 'points').lstrip('+')} on "
            f"average; for {inside} of {plural(len(known), 'rule')} the interval of the difference "
            "(Newcombe) holds 0."
        )
    rest = candidates.table
    lacking = rest[~rest["names_all"] & (rest["family"] == "rules")]
    if len(lacking):
        notes.append(
            f"Rule sets of {int(lacking['rules'].max())} rules or fewer were not considered where one of the "
            "segments would never be assigned."
        )
    notes.append(
        "An unknown value is answered with no, in every engine. Exports: the same rule as Python without "
        "dependencies and as SQL for DuckDB, PostgreSQL, Spark, BigQuery and Snowflake."
    )
    return tuple(notes)


def _count_paths(candidates: Candidates, option: str) -> list[dict[str, int]]:
    tool = candidates.tools[option]
    assert isinstance(tool, Question | Answer)
    aside = candidates.assigned["is_holdout"].to_numpy()
    known, segments = candidates.known[aside], candidates.assigned.loc[aside, "segment"]
    counts = []
    for path in rules.list_paths(tool):
        inside = rules.follow(known, path)
        counts.append(
            {"customers": int(inside.sum()), "right": int((segments[inside] == path.answer.segment).sum())}
        )
    return counts
