"""What a reader must know before using the segmentation: a model card (Mitchell et al. 2019)."""

from collections.abc import Mapping, Sequence
from importlib import metadata

import pandas as pd

from segutils.findings import Assumption, Finding
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.methodology.profiles.profiles import NO_SEGMENT
from segutils.methodology.segments.segment_count import say_lists_tried

PACKAGES = ("segutils", "duckdb", "ibis-framework", "pandas", "numpy", "scikit-learn")
VERDICTS = {
    "natural": "separate groups in the data",
    "reproducible": "not separate groups, but another sample would draw nearly the same borders",
    "constructive": "borders drawn for use; another sample would draw others",
    "none": "the customers are no more alike in groups than by chance",
}
NOT_FOR = (
    "credit, insurance, housing, employment or any other decision about a person's rights or access",
    "a price for a single person",
    "refusing service to a single person",
)


def list_versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Which package versions computed this? Those that are not installed are left out."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def check_model_card(
    *,
    run: str,
    rfm: pd.DataFrame,
    catalogue: pd.DataFrame,
    segments: pd.DataFrame,
    selection: pd.DataFrame,
    sizes: pd.DataFrame,
    input_counts: pd.DataFrame,
    protected: Sequence[str],
    versions: Mapping[str, str],
    simulated: bool = False,
    max_shadow: float = 0.8,
) -> Finding:
    """What is this segmentation, what may it be used for, and how far can it be trusted?

    Parameters
    ----------
    run : str
        The run's id.
    rfm : pandas.DataFrame
        ``window_start, window_end``.
    catalogue : pandas.DataFrame
        ``label, used``.
    segments : pandas.DataFrame
        ``customer_id, segment, shadow``.
    selection : pandas.DataFrame
        One row per number of segments tried: ``k, chosen, verdict`` and any of ``algorithm, adjusted_rand,
        min_jaccard, best_found_share, feature_lists_tried``; no row is chosen where nothing is segmented.
    sizes : pandas.DataFrame
        From :func:`segutils.methodology.profiles.profiles.build_sizes`.
    input_counts : pandas.DataFrame
        ``table, rows_in, rows_used, rows_set_aside, rows_added``.
    protected : sequence of str
        Attributes that must neither shape nor name a segment.
    versions : mapping of str to str
        Package → version.
    simulated : bool
        The data are declared to be simulated.
    max_shadow : float
        Customers with at least this shadow value are at the border to a second segment (0 on the centre, 1 on
        the border; Dolnicar, Grün & Leisch 2018).

    Returns
    -------
    Finding
        Table ``section, topic, what``; the sections are those of Mitchell et al. (2019).
    """
    inside = segments[segments["segment"] != NO_SEGMENT]
    k = inside["segment"].nunique()
    tried = say_lists_tried(
        int(selection["feature_lists_tried"].iloc[0]) if "feature_lists_tried" in selection else 1
    )
    used = [lower_first(label) for label in catalogue.loc[catalogue["used"], "label"]]
    buyers = format_value(len(inside), "count")
    start, end = (format_value(rfm[f"window_{side}"].iloc[0], "date") for side in ("start", "end"))
    packages = join_words([f"{name} {number}" for name, number in versions.items()])
    rows = [
        (
            "Model details",
            "What it is",
            f"A grouping of {buyers} customers into {plural(k, 'segment')} by what they did from {start} to "
            f"{end}. Each customer belongs to the segment whose average customer is nearest"
            f"{_write_found(selection)}."
            if k > 1
            else f"No segmentation: one group of {buyers} customers, by what they did from {start} to {end}.",
        ),
        (
            "Model details",
            "Features",
            " ".join([f"{_capital(join_words(used))}. Nothing else decides.", *tried]),
        ),
        ("Model details", "Version", f"Run {run}, computed with {packages}."),
        (
            "Intended use",
            "Made for",
            "Planning and reporting by group: offers, service, range and budgets of a segment. For people in "
            "marketing, sales, product, service and finance.",
        ),
        ("Intended use", "Not to be used for", f"{_capital('; '.join(NOT_FOR))}."),
        ("Factors", "Groups", _write_groups(sizes)),
        ("Metrics", "How it was judged", _write_quality(selection)),
        (
            "Evaluation data",
            "Judged on",
            "Resamples of the same customers. Other periods are the question of the stability notebook.",
        ),
        *(("Training data", topic, line) for topic, line in _write_data(input_counts, segments, simulated)),
        *(
            [("Quantitative analyses", "Borderline customers", _write_borderline(inside, max_shadow))]
            if k > 1
            else []
        ),
        ("Ethical considerations", "Personal attributes", _write_protected(protected)),
        (
            "Caveats",
            "Keep in mind",
            "It describes the past and does not show what a campaign would change. It sees only purchases "
            "from this company. Customers change: assign them anew with new data before using old labels.",
        ),
    ]
    return Finding(
        slug="model-card",
        status="info",
        headline=f"The segmentation puts {buyers} customers into {plural(k, 'segment')} by "
        f"{plural(len(used), 'feature')} of buying behaviour; it is made for planning, not for deciding "
        "about a person"
        if k > 1
        else f"Customers are not segmented: {buyers} of them form one group, and nothing may be concluded "
        "from belonging to it",
        table=pd.DataFrame(rows, columns=["section", "topic", "what"]),
        labels={"what": "In plain words"},
        assumptions=(
            Assumption(
                text=f"Purchases from {start} to {end} represent how these customers will go on buying.",
                owner="Client",
            ),
        ),
        limits=(f"Not to be used for {'; '.join(NOT_FOR)}.", *tried),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _write_found(selection: pd.DataFrame) -> str:
    return (
        f"; the averages were found by {selection['algorithm'].iloc[0]}" if "algorithm" in selection else ""
    )


def _write_groups(sizes: pd.DataFrame) -> str:
    parts = [
        f"{row.name} {row.customers:,} ({format_value(row.share_of_customers, 'share:0')})"
        for row in sizes.itertuples(index=False)
    ]
    return f"Customers by segment: {join_words(parts)}."


def _write_quality(selection: pd.DataFrame) -> str:
    parts = [f"Solutions with {selection['k'].min()} to {selection['k'].max()} segments were compared."]
    rows = selection[selection["chosen"].astype(bool)]
    if rows.empty:
        return f"{parts[0]} None of them is used: there is one message for all."
    chosen = rows.iloc[0].dropna()
    if "adjusted_rand" in chosen:
        parts.append(
            "Fitted again on resampled customers, two solutions agree to "
            f"{format_value(chosen['adjusted_rand'], 'number:2')} (0 is chance, 1 is the same)."
        )
    if "min_jaccard" in chosen:
        parts.append(
            "The least stable segment comes back with an overlap of "
            f"{format_value(chosen['min_jaccard'], 'number:2')} (below 0.60 it should not be relied on, from "
            "0.75 it counts as valid: Hennig 2007)."
        )
    if "best_found_share" in chosen:
        found = format_value(chosen["best_found_share"], "share:0")
        parts.append(f"{found} of the starts found the best solution.")
    if chosen.get("verdict"):
        parts.append(f"Verdict: {VERDICTS.get(chosen['verdict'], chosen['verdict'])}.")
    return " ".join(parts)


def _write_borderline(inside: pd.DataFrame, max_shadow: float) -> str:
    share = format_value((inside["shadow"] >= max_shadow).mean(), "share:0")
    return f"{share} of the customers are at the border to a second segment: their label is provisional."


def _write_data(input_counts: pd.DataFrame, segments: pd.DataFrame, simulated: bool) -> list[tuple[str, str]]:
    lines = []
    tables = ["customers", "transactions", "products"]
    for row in input_counts[input_counts["table"].isin(tables)].itertuples():
        parts = [f"{row.rows_used:,} used", f"{row.rows_set_aside:,} set aside"]
        if row.rows_added:
            parts.append(f"{row.rows_added:,} added from the other tables")
        lines.append((_capital(row.table), f"{row.rows_in:,} rows read, {join_words(parts)}."))
    if idle := int((segments["segment"] == NO_SEGMENT).sum()):
        without = f"{plural(idle, 'customer')} without a purchase in the window"
        lines.append(("Not covered", f"{without} {'is' if idle == 1 else 'are'} in no segment."))
    if simulated:
        words = "The client states that the data are simulated: nothing here is evidence about real people."
        lines.append(("Simulated", words))
    return lines


def _write_protected(protected: Sequence[str]) -> str:
    text = "No feature is an attribute of a person such as age, income or household."
    if protected:
        words = join_words([name.replace("_", " ") for name in protected])
        text += f" The client declares {words} as protected."
    return f"{text} Segments may still differ by such attributes; that is not tested here."
