"""Makes master.pptx, the slide master of the packs: ``python templates/base/make_master.py``.

The layouts are written here, so that a change to them can be reviewed; the same source gives the same deck.
The packs find a layout by its name and a placeholder by its ``idx``; colours and fonts are the theme's, and
the client's brand overwrites the theme when a pack is rendered. Positions are points on a slide of 960 × 540
(16:9), the same as in segutils/packs/pptx_layout.py.
"""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from lxml import etree
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.util import Pt

TARGET = Path(__file__).with_name("master.pptx")
NAMESPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
EMU = 12700
LEFT, WIDTH = 40, 880
ASIDE = 286
MAIN = WIDTH - 24 - ASIDE
TOP, BOTTOM = 146, 484

EYEBROW = ("Section", "body", 10, (LEFT, 20, 660, 14), 'sz="1000" b="1"', "tx2")
STATUS = ("Status", "body", 11, (LEFT + 680, 20, 200, 14), 'sz="1000" b="1"', "tx1")
TITLE = ("Title", "title", 0, (LEFT, 46, WIDTH, 60), 'sz="2400" b="1"', "tx1")
SUBTITLE = ("Subtitle", "body", 13, (LEFT, 108, WIDTH, 32), 'sz="1200"', "tx2")
SOURCE = ("Source", "body", 17, (LEFT, 490, WIDTH, 12), 'sz="800"', "tx2")
NOTE = ("Data note", "body", 18, (LEFT + 260, 512, 490, 18), 'sz="800"', "tx2")
FOOTER = ("Footer", "ftr", 19, (LEFT, 514, 250, 12), 'sz="800"', "tx2")
NUMBER = ("Slide number", "sldNum", 20, (LEFT + 780, 514, 100, 12), 'sz="800"', "tx2")
FRAME = (TITLE, EYEBROW, STATUS)  # read out in this order
FOOT = (SOURCE, NOTE, FOOTER, NUMBER)
HIGH = BOTTOM - TOP

LAYOUTS = {
    "Summary": (
        ("Title", "title", 0, (LEFT, 76, WIDTH, 104), 'sz="3200" b="1"', "tx1"),
        ("Client", "body", 10, (LEFT, 22, 660, 30), 'sz="1100"', "tx2"),
        *(
            (f"Reason {n + 1}", "body", 21 + n, (LEFT + n * 301.3, 200, 277.3, 92), 'sz="1400"', "tx1")
            for n in range(3)
        ),
        ("Decisions", "tbl", 15, (LEFT, 316, WIDTH, 160), 'sz="1100"', "tx1"),
        *FOOT,
    ),
    "Section": (
        ("Title", "title", 0, (LEFT, 200, WIDTH, 80), 'sz="3200" b="1"', "tx1"),
        ("Subtitle", "body", 13, (LEFT, 290, WIDTH, 60), 'sz="1600"', "tx2"),
        *FOOT,
    ),
    "Claim and chart": (
        *FRAME,
        SUBTITLE,
        ("Chart", "chart", 14, (LEFT, TOP, MAIN, HIGH), 'sz="1200"', "tx1"),
        ("Remarks", "body", 16, (LEFT + MAIN + 24, TOP, ASIDE, HIGH), 'sz="1200"', "tx1"),
        *FOOT,
    ),
    "Claim and table": (
        *FRAME,
        SUBTITLE,
        ("Table", "tbl", 15, (LEFT, TOP, WIDTH, HIGH), 'sz="1100"', "tx1"),
        ("Remarks", "body", 16, (LEFT, 400, WIDTH, 84), 'sz="1200"', "tx1"),
        *FOOT,
    ),
    "Claim, chart and table": (
        *FRAME,
        SUBTITLE,
        ("Chart", "chart", 14, (LEFT, TOP, MAIN, HIGH), 'sz="1200"', "tx1"),
        ("Table", "tbl", 15, (LEFT + MAIN + 24, TOP, ASIDE, 200), 'sz="1100"', "tx1"),
        ("Remarks", "body", 16, (LEFT + MAIN + 24, 360, ASIDE, 124), 'sz="1200"', "tx1"),
        *FOOT,
    ),
    "Claim and text": (
        *FRAME,
        ("Text", "body", 16, (LEFT, 116, WIDTH, BOTTOM - 116), 'sz="1400"', "tx1"),
        *FOOT,
    ),
}
BAR = '<a:solidFill><a:schemeClr val="accent2"/></a:solidFill>'
LINE = '<a:solidFill><a:schemeClr val="bg2"/></a:solidFill>'
HINTS = {"chart": "Chart", "tbl": "Table", "sldNum": "‹#›"}


def _frame(box: tuple[float, float, float, float]) -> str:
    x, y, width, height = (round(value * EMU) for value in box)
    return f'<a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'


def _placeholder(number: int, spec: tuple) -> str:
    """A placeholder with its own position and text style; no bullets, no automatic resizing."""
    name, kind, idx, box, font, colour = spec
    which = 'type="title"' if kind == "title" else f'type="{kind}" sz="quarter" idx="{idx}"'
    right = kind == "sldNum" or name == "Status"
    side = "r" if right else "ctr" if name == "Data note" else "l"
    anchor = "b" if name in ("Section", "Status") else "t"
    style = (
        f'<a:lvl1pPr marL="0" indent="0" algn="{side}"><a:spcBef><a:spcPts val="0"/></a:spcBef><a:buNone/>'
        f'<a:defRPr {font}><a:solidFill><a:schemeClr val="{colour}"/></a:solidFill></a:defRPr></a:lvl1pPr>'
    )
    text = HINTS.get(kind, name)
    run = f'<a:r><a:rPr lang="en-GB"/><a:t>{text}</a:t></a:r>'
    if kind == "sldNum":
        guid = "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}"
        run = f'<a:fld id="{guid}" type="slidenum"><a:rPr lang="en-GB"/><a:t>{text}</a:t></a:fld>'
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name}"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>'
        f"<p:nvPr><p:ph {which}/></p:nvPr></p:nvSpPr><p:spPr>{_frame(box)}</p:spPr>"
        f'<p:txBody><a:bodyPr lIns="0" tIns="0" rIns="0" bIns="0" anchor="{anchor}"><a:noAutofit/></a:bodyPr>'
        f"<a:lstStyle>{style}</a:lstStyle><a:p>{run}</a:p></p:txBody></p:sp>"
    )


def _shape(number: int, name: str, box: tuple[float, float, float, float], fill: str) -> str:
    """A decorative rectangle: read out by no screen reader."""
    decorative = (
        '<a:extLst><a:ext uri="{C183D7F6-B498-43B3-948B-1728B52AA6E4}"><adec:decorative val="1" '
        'xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/decorative"/></a:ext></a:extLst>'
    )
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name}">{decorative}</p:cNvPr><p:cNvSpPr/>'
        f'<p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr>{_frame(box)}<a:prstGeom prst="rect"><a:avLst/>'
        f"</a:prstGeom>{fill}<a:ln><a:noFill/></a:ln></p:spPr></p:sp>"
    )


def _tree(shapes: Iterable[str]) -> str:
    return (
        f'<p:spTree {NAMESPACES}><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
        '<p:grpSpPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/>'
        f'<a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>{"".join(shapes)}</p:spTree>'
    )


def _replace_tree(part: object, shapes: Iterable[str]) -> None:
    common = part._element.cSld
    common.replace(common.spTree, parse_xml(_tree(shapes)))


def _text_styles() -> str:
    """Plain paragraphs at every level; sizes are the layouts'."""
    levels = "".join(
        f'<a:lvl{n}pPr marL="{(n - 1) * 171450}" indent="0" algn="l"><a:lnSpc><a:spcPct val="100000"/>'
        f'</a:lnSpc><a:buNone/><a:defRPr sz="1400"><a:solidFill><a:schemeClr val="tx1"/></a:solidFill>'
        f'<a:latin typeface="+mn-lt"/></a:defRPr></a:lvl{n}pPr>'
        for n in range(1, 6)
    )
    title = levels.replace("+mn-lt", "+mj-lt").replace('sz="1400"', 'sz="2400" b="1"')
    return (
        f"<p:txStyles {NAMESPACES}><p:titleStyle>{title}</p:titleStyle><p:bodyStyle>{levels}</p:bodyStyle>"
        f"<p:otherStyle>{levels}</p:otherStyle></p:txStyles>"
    )


def _drop_leftovers(deck: object) -> None:
    """What python-pptx's own template brings along: a thumbnail, a printer, a 4:3 mark, statistics."""
    deck.part._element.sldSz.attrib.pop("type", None)
    kinds = ("/thumbnail", "/printerSettings", "/extended-properties")
    for relations in (deck.part.package._rels, deck.part.rels):
        for name in [name for name, relation in relations.items() if relation.reltype.endswith(kinds)]:
            relations.pop(name)


def build_master() -> bytes:
    """The presentation without slides that every pack starts from."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Pt(960), Pt(540)
    master = deck.slide_master
    for layout in list(deck.slide_layouts)[len(LAYOUTS) :]:
        deck.slide_layouts.remove(layout)
    shapes = [
        _shape(20, "Accent", (LEFT, 39, 28, 3), BAR),
        _shape(21, "Foot line", (LEFT, 508, WIDTH, 0.75), LINE),
    ]
    own = (TITLE, ("Text", "body", 1, (LEFT, TOP, WIDTH, HIGH), 'sz="1400"', "tx1"), FOOTER, NUMBER)
    _replace_tree(master, [*shapes, *(_placeholder(n, spec) for n, spec in enumerate(own, start=2))])
    styles = master._element.find("{*}txStyles")
    master._element.replace(styles, parse_xml(_text_styles()))
    for layout, (name, specs) in zip(deck.slide_layouts, LAYOUTS.items(), strict=True):
        placeholders = [_placeholder(n, spec) for n, spec in enumerate(specs, start=2)]
        if name in ("Summary", "Section"):  # these two place the accent themselves
            y = specs[0][3][1] - 9
            placeholders.insert(0, _shape(30, "Accent", (LEFT, y, 28, 3), BAR))
            placeholders.insert(1, _shape(31, "Foot line", (LEFT, 508, WIDTH, 0.75), LINE))
            layout._element.set("showMasterSp", "0")
        layout._element.attrib.pop("type", None)
        layout._element.set("preserve", "1")
        layout._element.cSld.set("name", name)
        _replace_tree(layout, placeholders)
    theme = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    root = etree.fromstring(theme.blob)
    root.set("name", "segutils")
    theme._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    _drop_leftovers(deck)
    words = deck.core_properties
    words.title, words.author, words.last_modified_by = "Slide master", "segutils", "segutils"
    words.created = words.modified = datetime(2000, 1, 1)
    stream = io.BytesIO()
    deck.save(stream)
    return _with_fixed_times(stream.getvalue())


def _with_fixed_times(blob: bytes) -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(blob)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name), zipfile.ZIP_DEFLATED)
    return result.getvalue()


if __name__ == "__main__":
    TARGET.write_bytes(build_master())
