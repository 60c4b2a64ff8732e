"""Passages that support a segment's theme or contradict it: by number for all, in words for their owner."""

import re

import pandas as pd

SUPPORTS, CONTRADICTS = "supports", "contradicts"
MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[e-mail]"),
    (re.compile(r"https?://\S+|www\.\S+"), "[address]"),
    (re.compile(r"(?<!\w)\+?\d[\d /().-]{6,}\d"), "[number]"),
)


def find_quotes(codings: pd.DataFrame, own_themes: pd.DataFrame) -> pd.DataFrame:
    """Which passages speak for a segment, and which speak as another segment does?

    Only passages that all their coders read alike. A passage supports its customer's segment if it is about
    one of the segment's own themes, and contradicts it if it is about a theme that is another segment's own.

    Parameters
    ----------
    codings : pandas.DataFrame
        From :func:`segutils.methodology.profiles.theme_evidence.build_codings`.
    own_themes : pandas.DataFrame
        ``segment, theme``: what is a segment's own.

    Returns
    -------
    pandas.DataFrame
        ``segment, theme, stance, speaks_like`` (the other segment, else empty), ``interview_id, passage``.
    """
    columns = ["segment", "theme", "stance", "speaks_like", "interview_id", "passage"]
    known = codings[codings["segment"].notna()]
    passages = known.groupby(["interview_id", "passage"], as_index=False).agg(
        segment=("segment", "first"), theme=("theme", "first"), themes=("theme", "nunique")
    )
    alike = passages[passages["themes"] == 1]
    owned = own_themes.groupby("theme")["segment"].agg(list)
    rows = []
    for row in alike[alike["theme"].isin(owned.index)].itertuples():
        owners = owned[row.theme]
        if row.segment in owners:
            rows.append((row.segment, row.theme, SUPPORTS, "", row.interview_id, row.passage))
        else:
            rows.append((row.segment, row.theme, CONTRADICTS, owners[0], row.interview_id, row.passage))
    return pd.DataFrame(rows, columns=columns)


def build_quotes(quotes: pd.DataFrame, texts: pd.DataFrame | None, names: pd.DataFrame) -> pd.DataFrame:
    """The passages in the customers' own words, for whoever answers for the interviews.

    E-mail addresses, web addresses and long numbers are masked; names of people are not, so the list goes to
    the owner of the interviews and nowhere else.

    Parameters
    ----------
    quotes : pandas.DataFrame
        From :func:`find_quotes`.
    texts : pandas.DataFrame, optional
        ``interview_id, passage, text``; the text is empty where the customer does not consent.
    names : pandas.DataFrame
        ``segment, name``.

    Returns
    -------
    pandas.DataFrame
        ``segment, theme, stance, speaks_like, interview_id, passage, text``, those with a text only.
    """
    named = names.set_index("segment")["name"]
    if texts is None or "passage" not in texts:
        texts = pd.DataFrame(columns=["interview_id", "passage", "text"])
    said = texts.dropna(subset="text").drop_duplicates(["interview_id", "passage"])
    table = quotes.merge(said[["interview_id", "passage", "text"]], on=["interview_id", "passage"])
    return table.assign(
        segment=table["segment"].map(named),
        speaks_like=table["speaks_like"].map(named).fillna(""),
        text=table["text"].map(mask_text),
    ).reset_index(drop=True)


def mask_text(text: str) -> str:
    """The text without e-mail addresses, web addresses and long numbers."""
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text
