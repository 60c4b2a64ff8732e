"""What sets a region apart, in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from segutils.formats import format_value, join_words, lower_first, plural
from segutils.validation.stability.regions import RegionTest

ROUNDED = {"share": "share:0", "money:2": "money", "count": "number:1"}


@dataclass(frozen=True, kw_only=True)
class Words:
    """Labels and formats of features, and the currency of amounts."""

    labels: Mapping[str, str]
    formats: Mapping[str, str]
    currency: str

    def name(self, feature: str) -> str:
        """The feature inside a sentence."""
        return lower_first(self.labels.get(feature, feature.replace("_", " ")))

    def value(self, feature: str, value: float) -> str:
        """A mean of the feature."""
        fmt = self.formats.get(feature, "number")
        return format_value(value, ROUNDED.get(fmt, fmt), currency=self.currency)


def say_difference(row: Mapping, words: Words) -> str:
    """How a segment's customers buy otherwise in a region (a row of ``RegionTest.differences``)."""
    there, elsewhere = (words.value(row["feature"], row[name]) for name in ("there", "elsewhere"))
    feature = words.name(row["feature"])
    return f"{row['segment']} customers buy differently ({feature} {there}, elsewhere {elsewhere})"


def say_move(move: Mapping) -> str:
    """Who changed segment in a region (a row of :func:`regional_moves.count_moves`)."""
    share, elsewhere = (format_value(move[name], "share:0") for name in ("moved_share", "elsewhere_share"))
    return f"{share} of {move['segment']} customers turned into {move['to']} (elsewhere {elsewhere})"


def list_notes(
    test: RegionTest, differs: pd.DataFrame, drifts: pd.DataFrame, words: Words, *, unknown: list[str]
) -> list[str]:
    """Every difference with its figures, what was compared, and who could not be."""
    notes = []
    for (region, segment), rows in differs.groupby(["region", "segment"], sort=False):
        said = [
            f"{words.name(row['feature'])} {words.value(row['feature'], row['there'])} against "
            f"{words.value(row['feature'], row['elsewhere'])}"
            for row in rows.to_dict("records")
        ]
        number = int(rows["customers"].iloc[0])
        notes.append(f"{region}, {plural(number, 'customer')} of {segment}: {join_words(said)}.")
    for region, moving in drifts.groupby("region", sort=False):
        if region in set(differs["region"]):
            said = [say_move(move) for move in moving.to_dict("records")]
            notes.append(f"{region}, between the last two periods: {join_words(said)}.")
    notes.append(
        "Rules learned without a region agree with the chosen segments at "
        f"{test.regions['with_chosen'].min():.2f} or more (adjusted Rand index); "
        f"{plural(len(test.differences), 'comparison')} of a segment's feature in one region with elsewhere "
        "were made and corrected for."
    )
    if unknown:
        notes.append(f"Too few customers to judge: {join_words(unknown)}.")
    if test.without_region:
        left = plural(test.without_region, "customer without a region was", "customers without a region were")
        notes.append(f"{left} left aside.")
    return notes
