"""A pack as slides: native charts and tables on the packs' slide master, in the client's colours and font."""

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segutils.packs.document import Pack
from segutils.packs.files import TEMPLATES, save_file
from segutils.packs.measure import assume_font
from segutils.packs.pptx_tables import printable

if TYPE_CHECKING:
    from pptx.opc.packuri import PackURI
    from pptx.presentation import Presentation

MASTER = TEMPLATES / "base" / "master.pptx"
FALLBACK_FONT = "Arial"  # slides carry no fonts: what few readers have would be replaced by something wider
OWN_FONTS = ("", "Source Sans 3")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def render(pack: Pack, path: Path) -> None:
    """How does this pack read as slides that the client can edit?

    Every chart is a native chart with its numbers, every table a native table; nothing runs off a slide. The
    notes of a slide name its sources. The same pack gives the same bytes.

    Parameters
    ----------
    pack : Pack
    path : Path
        The PPTX to write; it appears whole or not at all.
    """
    from pptx import Presentation

    from segutils.charts.colours import Theme, build_tokens
    from segutils.packs.pptx_deck import plan_deck
    from segutils.packs.pptx_slides import SlideWriter

    font = FALLBACK_FONT if pack.look.font in OWN_FONTS else pack.look.font
    theme = Theme(primary=pack.look.primary, accent=pack.look.accent, font=font)
    tokens = build_tokens(theme)
    deck = Presentation(str(MASTER))
    _count_names(deck)
    _apply_brand(deck, tokens, theme.font)
    _describe(deck, pack)
    with assume_font(font):
        SlideWriter(deck, pack, tokens).write(plan_deck(pack, tokens))
    stream = io.BytesIO()
    deck.save(stream)
    save_file(path, _with_fixed_times(stream.getvalue()))


def _count_names(deck: "Presentation") -> None:
    """Number new parts by counting: python-pptx looks all parts through for each, which takes a third of it.

    Its rule is kept: the parts of that name there are, and one more.
    """
    package = deck.part.package
    counts: dict[str, int] = {}

    def next_partname(template: str) -> "PackURI":
        prefix = template.partition("%")[0]
        if prefix not in counts:
            counts[prefix] = sum(part.partname.startswith(prefix) for part in package.iter_parts())
        counts[prefix] += 1
        return PackURI(template % counts[prefix])

    from pptx.opc.packuri import PackURI

    package.next_partname = next_partname


def _apply_brand(deck: "Presentation", tokens: dict[str, str], font: str) -> None:
    """The client's colours and font as the deck's theme: whatever is added later takes them too."""
    from lxml import etree
    from pptx.opc.constants import RELATIONSHIP_TYPE

    colours = {"dk1": "ink", "lt1": "paper", "dk2": "muted", "lt2": "grid", "accent1": "primary"}
    colours |= {"accent2": "accent", "accent3": "previous", "accent4": "faded-1", "accent5": "series-3"}
    colours |= {"accent6": "series-4", "hlink": "accent-text", "folHlink": "accent-text"}
    part = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme = etree.fromstring(part.blob)
    scheme = theme.find(".//{*}clrScheme")
    namespace = scheme.tag.partition("}")[0] + "}"
    for name, token in colours.items():
        slot = scheme.find(f"{namespace}{name}")
        for old in list(slot):
            slot.remove(old)
        etree.SubElement(slot, f"{namespace}srgbClr", val=tokens[token][1:].upper())
    for which in ("majorFont", "minorFont"):
        theme.find(f".//{namespace}{which}/{namespace}latin").set("typeface", printable(font))
    part._blob = etree.tostring(theme, xml_declaration=True, encoding="UTF-8", standalone=True)


def _describe(deck: "Presentation", pack: Pack) -> None:
    """Title, author and a fixed date: the day the data ends."""
    words = deck.core_properties
    words.title = printable(f"{pack.client}: {pack.title}")[:255]
    words.subject = printable(pack.summary.answer)[:255]
    words.author = words.last_modified_by = printable(pack.client)[:255]
    words.keywords, words.language = f"{pack.audience}, {pack.run}", "en"
    words.created = words.modified = (
        datetime.fromisoformat(pack.as_of) if pack.as_of else datetime(2000, 1, 1)
    )


def _with_fixed_times(blob: bytes) -> bytes:
    """The same archive with the same time on every entry."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(blob)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return result.getvalue()
