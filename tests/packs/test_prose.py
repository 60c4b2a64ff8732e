"""Markdown as paragraphs; what each construct means is CommonMark's."""

from segutils.packs.prose import read_markdown


def test_styles_lists_and_headings():
    blocks = read_markdown(
        "## Why\n\nSome **bold *both*** and `code`\nnext line\n\n3. three\n4. four\n   - inner\n"
    )
    assert [(b.kind, b.level, b.marker, b.text) for b in blocks] == [
        ("heading", 2, "", "Why"),
        ("paragraph", 1, "", "Some bold both and code next line"),
        ("item", 1, "3.", "three"),
        ("item", 1, "4.", "four"),
        ("item", 2, "•", "inner"),
    ]
    styles = {run.text: (run.bold, run.italic, run.code) for run in blocks[1].runs}
    assert styles["bold "] == (True, False, False)
    assert styles["both"] == (True, True, False)
    assert styles["code"] == (False, False, True)


def test_nothing_is_interpreted_and_no_word_is_lost():
    text = (
        "<script>alert(1)</script>\n\nx <b>y</b> [z](javascript:alert(2)) ![alt](file:///a.png) $1$ #tag\n\n"
    )
    text += "| a | b |\n|---|---|\n| 1 | 2 |"
    words = "\n".join(block.text for block in read_markdown(text))
    assert words == "<script>alert(1)</script>\nx <b>y</b> z alt $1$ #tag\na | b\n1 | 2"
