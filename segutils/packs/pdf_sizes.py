"""The measures of a PDF page, in points."""

# A4 landscape
WIDTH, HEIGHT = 841.89, 595.28
MARGIN_X, MARGIN_TOP, MARGIN_BOTTOM = 46.0, 42.0, 44.0
GUTTER = 24.0
LINE = WIDTH - 2 * MARGIN_X
COLUMN = HEIGHT - MARGIN_TOP - MARGIN_BOTTOM
ASIDE = 0.36 * LINE
MAIN = LINE - GUTTER - ASIDE
HALF = (LINE - GUTTER) / 2
TITLE_SIZES = (20.0, 18.0, 16.5, 15.0, 13.5)
TITLE_FRAME = 54.0  # section, accent bar and the room around a page's title
ROW_GAP = 16.0  # below each row of exhibits but the last
EXHIBIT_FRAME = 50.0  # subtitle, source line and the room around an exhibit
PAD_X, PAD_Y = 6.0, 3.2
SET_PAD_Y = 0.9  # typst sets a line from cap height to base line, which is less than the estimate
PROSE = 560.0
