"""The brand's two colours, made legible: tokens for charts and pages, on white and on dark paper.

A drawing names its colours by token (``ink``, ``primary``, ``heat-3``), never by value. :func:`build_tokens`
gives the values for one theme and one paper, with the contrast that each use needs (WCAG 2.2: text 4.5).
"""

import re
from dataclasses import dataclass
from functools import cache

FONT = "DejaVu Sans"  # ships with matplotlib; wide, so that a browser's own font fits where it fitted
DARK_PAPER = "#12171d"
LIGHT_PAPER = "#ffffff"
MAX_SERIES = 12
HEAT_STEPS = 7
BELOW_STEPS = 4

# after the primary colour: muted hues, told apart by lightness too; the accent is kept for the message
_HUES = (
    *("#2b8a7e", "#c08a2e", "#7d5a9c", "#5fa3c7", "#8c8f3a", "#b06a93"),
    *("#a94f45", "#4f6b3c", "#3b5fa8", "#9a6f4f", "#6c6f7a", "#d08f7d"),
)


@dataclass(frozen=True)
class Theme:
    """The client's look: two colours (``#rrggbb``) and a font family."""

    primary: str = "#1f4e79"
    accent: str = "#d9822b"
    font: str = FONT


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def mix(colour: str, other: str, share: float) -> str:
    """`share` of `colour` over `other`: ``mix("#000000", "#ffffff", 0.25)`` is a light grey."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def luminance(colour: str) -> float:
    """Relative luminance 0-1 (WCAG 2.2, section "relative luminance")."""
    parts = [value / 255 for value in _channels(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, other: str) -> float:
    """Contrast ratio 1-21 of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(colour), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def make_legible(colour: str, paper: str, *, min_contrast: float = 4.5) -> str:
    """The colour nearest to `colour` with the contrast on `paper`: darker on light paper, lighter on dark."""
    ink = "#000000" if luminance(paper) > 0.18 else "#ffffff"
    for step in range(51):
        candidate = mix(ink, colour, step / 50)
        if contrast(candidate, paper) >= min_contrast:
            return candidate
    return ink


def _best_ink(paper: str, *inks: str) -> str:
    best = max(inks, key=lambda ink: contrast(ink, paper))
    return (
        best if contrast(best, paper) >= 4.5 else max("#000000", "#ffffff", key=lambda i: contrast(i, paper))
    )


def _near(colour: str, other: str) -> bool:
    return sum((a - b) ** 2 for a, b in zip(_channels(colour), _channels(other), strict=True)) < 55**2


@cache
def build_tokens(theme: Theme, *, dark: bool = False) -> dict[str, str]:
    """Which value has each colour token on this paper?

    Parameters
    ----------
    theme : Theme
        The brand's colours.
    dark : bool
        Values for dark paper.

    Returns
    -------
    dict of str to str
        Token → ``#rrggbb``: ``paper``, ``ink``, ``muted``, ``grid``, ``primary``, ``accent``,
        ``primary-text``, ``accent-text``, ``previous``, ``faded-1`` … ``faded-4``, ``series-1`` …
        ``series-12``, ``heat-0`` … ``heat-6`` (low to high), ``below-1`` … ``below-4`` (under the middle of a
        two-sided scale), and the ink to write on each of those (``heat-3-ink``, ``primary-ink``).
    """
    paper = DARK_PAPER if dark else LIGHT_PAPER
    ink = "#e9edf1" if dark else "#1b242e"
    primary = make_legible(theme.primary, paper, min_contrast=3)
    accent = make_legible(theme.accent, paper, min_contrast=3 if dark else 2.4)
    grey = mix(primary, "#8a949e", 0.25)
    hues = sorted(_HUES, key=lambda hue: _near(hue, theme.primary) or _near(hue, theme.accent))
    strong = make_legible(theme.primary, paper, min_contrast=5)
    filled = {
        "primary": primary,
        "accent": accent,
        "previous": mix(primary, paper, 0.42),
        **{f"faded-{i}": mix(grey, paper, share) for i, share in enumerate((0.6, 0.36, 0.8, 0.22), start=1)},
        "series-1": primary,
        **{
            f"series-{i}": make_legible(hue, paper, min_contrast=2.8)
            for i, hue in enumerate(hues[:11], start=2)
        },
        **{f"heat-{i}": mix(strong, paper, 0.06 + 0.14 * i) for i in range(HEAT_STEPS)},
        **{f"below-{i}": mix(accent, paper, 0.9 * i / BELOW_STEPS) for i in range(1, BELOW_STEPS + 1)},
    }
    return {
        "paper": paper,
        "ink": ink,
        "muted": mix(ink, paper, 0.72),
        "grid": mix(ink, paper, 0.13),
        "primary-text": make_legible(theme.primary, paper),
        "accent-text": make_legible(theme.accent, paper),
        **filled,
        **{f"{name}-ink": _best_ink(colour, ink, paper) for name, colour in filled.items()},
    }


def font_family(theme: Theme) -> str:
    """The theme's font and what may stand in for it, as CSS; a name can't end the rule it stands in."""
    name = "".join(c for c in theme.font if c.isalnum() or c in " -").strip()
    families = [f"'{family}'" for family in dict.fromkeys([name or FONT, FONT])]
    return ", ".join([*families, "Arial", "sans-serif"])


def fill_tokens(svg: str, theme: Theme, *, dark: bool = False) -> str:
    """A drawing with plain colours and font names, for views that know no CSS variables (PDF, slides)."""
    tokens = build_tokens(theme, dark=dark)
    svg = re.sub(r"var\(--([\w-]+), (#[0-9a-f]{6})\)", lambda hit: tokens.get(hit[1], hit[2]), svg)
    return re.sub(r"var\(--font, ([^)]*)\)", font_family(theme), svg)
