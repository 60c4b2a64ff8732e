"""What nobody may conclude from a segment's past figures: the sentences shared by this notebook's answers."""

from collections.abc import Sequence

SAME_MONTHS = (
    "The segments were formed from the same months that are measured here. Differences between them are "
    "partly there by construction: they describe the segments and do not show that belonging to one causes "
    "anything."
)
TODAYS_MEMBERS = (
    "A customer counts in its present segment in every quarter, also before it would have belonged there."
)
ARITHMETIC = "An effect is arithmetic: it says where the change sits, not what caused it."


def say_season(periods: Sequence[str]) -> str:
    """Why growth within one year is not yet a trend."""
    if len(periods) == 1:
        return f"The data covers one full quarter, {periods[0]}: there is nothing to compare it with."
    return (
        f"The data covers {periods[0]} to {periods[-1]}, and no quarter has its counterpart a year earlier: "
        "a change from quarter to quarter contains the season and the days on which shops were open."
    )
