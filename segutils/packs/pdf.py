"""A pack as PDF: typst sets it, :mod:`segutils.packs.pdf_document` says what stands beside what.

The templates read the pack as data (``pack.json``), so no client text is ever markup. Fonts are the
repository's own (``templates/base/fonts``) and typst's; the system's are looked at only where the brand names
another font or a text has characters that the packs' own fonts lack.
"""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segutils.packs.document import Pack
from segutils.packs.files import TEMPLATES, save_file
from segutils.packs.measure import assume_font
from segutils.packs.pdf_document import Document, build_document

if TYPE_CHECKING:
    import typst

FONTS = TEMPLATES / "base" / "fonts"
FONT = "Source Sans 3"
STANDARDS = ["a-2a", "ua-1"]
PLACEHOLDER = "□"


def render(pack: Pack, path: Path, *, drawn: dict[bytes, str] | None = None) -> None:
    """How does this pack read on paper and on a screen reader (tagged PDF/UA-1 and PDF/A-2a)?

    Characters that no font on this machine can show are printed as ``□``, and the last page says so.

    Parameters
    ----------
    pack : Pack
    path : Path
        The PDF to write; it appears whole or not at all.
    drawn : dict, optional
        Drawings of packs made before, by what they show; this pack's are added.
    """
    own = _fonts(system=False).families()
    named = pack.look.font
    system = bool(named) and named not in own and named in _fonts(system=True).families()
    families = [named, FONT] if named and (system or named in own) else [FONT]
    with assume_font(families[0]):
        document = build_document(pack, families=families, drawn={} if drawn is None else drawn)
    blob = (
        _compile(pack, document, system=system)
        or _compile(pack, document, system=True)
        or _compile(pack, _replace_unknown(document), system=True)
    )
    assert blob is not None, "after the replacement every character is one of the packs' own fonts"
    save_file(path, blob)


@cache
def _fonts(*, system: bool) -> "typst.Fonts":
    import typst

    return typst.Fonts(include_system_fonts=system, include_embedded_fonts=True, font_paths=[FONTS])


def _compile(pack: Pack, document: Document, *, system: bool) -> bytes | None:
    """The PDF's bytes; None where a character has no glyph in these fonts."""
    import typst

    templates = {
        "main.typ": TEMPLATES / pack.audience / "pack.typ",
        "base/pack.typ": TEMPLATES / "base" / "pack.typ",
    }
    files = {name: path.read_text(encoding="utf-8") for name, path in templates.items()}
    files |= {"pack.json": json.dumps(document.content, ensure_ascii=False), **document.drawings}
    try:
        return typst.compile(
            {name: text.encode() for name, text in files.items()},
            font_paths=_fonts(system=system),
            ignore_system_fonts=not system,
            pdf_standards=STANDARDS,
            timestamp=0,
        )
    except typst.TypstError as error:
        if "could not be displayed with font" not in error.message:
            raise
        return None


def _replace_unknown(document: Document) -> Document:
    """The document, and its drawings, with only characters that the packs' own text font has."""
    from fontTools.ttLib import TTFont

    known = set(TTFont(FONTS / "SourceSans3-Regular.ttf").getBestCmap()) | {10}

    def replace(value: Any) -> Any:
        if isinstance(value, str):
            return "".join(c if ord(c) in known else PLACEHOLDER for c in value)
        if isinstance(value, dict):
            return {key: replace(item) for key, item in value.items()}
        return [replace(item) for item in value] if isinstance(value, list) else value

    return Document(
        content={**replace(document.content), "replaced": True}, drawings=replace(document.drawings)
    )
