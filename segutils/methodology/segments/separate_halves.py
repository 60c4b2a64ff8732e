"""What halves of the customers that share nobody say of a number of segments."""

from collections.abc import Sequence

from segutils.formats import format_value
from segutils.methodology.segments.landscape import Landscape
from segutils.statistics.clusterers import split_halves

PAIRS = 8  # as many as algorithms are compared on, so that both give the same figure


def measure_halves(landscape: Landscape, *, k: int, pairs: int = PAIRS, seed: int = 0) -> float:
    """How well do two halves that share no customer agree on a cut into `k` (mean adjusted Rand index)?"""
    if len(landscape.points) < 4 * k:
        return float("nan")
    found = split_halves(landscape.points, algorithm="k-means", k=k, pairs=pairs, seed=seed)
    return float(found.mean())


def say_convention(count: str, rand: float, apart: float, again: Sequence[str], recommended: str) -> str:
    """The headline of a number that can be worked with and was not found."""
    others = sum(other != recommended for other in again) / len(again)
    parts = [f"bootstrap samples agree on the cut at {rand:.2f} of 1"]
    if apart == apart:
        parts.append(f"halves that share no customer at {apart:.2f}")
    share = "none" if others == 0 else format_value(others, "share:0")
    parts.append(f"{share} of random halves would choose another number")
    return f"{count} can be worked with, as a convention: {', '.join(parts[:-1])}, and {parts[-1]}"


def say_cap(count: int, most: int) -> str:
    """Where the number is the largest that was judged; empty otherwise."""
    if count < most:
        return ""
    return (
        f"; {count} is also the most that the organisation can run; more were not judged, so the data do not "
        f"say that {count} is the end"
    )
