"""Native Excel charts beside a figure's numbers, where these lie in ranges: bars, columns and lines."""

from itertools import groupby

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from segutils.number_codes import build_number_code
from segutils.packs.document import FigureExhibit

ROW_POINTS = 15.0
_WIDTH, _HEIGHT = 620, 300  # pixels
_ROWS = 17


def insert_chart(
    book: Workbook, sheet: Worksheet, top: int, exhibit: FigureExhibit, tokens: dict[str, str], currency: str
) -> int:
    """Draw the figure from its own cells, right of them; returns how many rows the chart covers (0: none).

    Parameters
    ----------
    book, sheet : xlsxwriter objects
    top : int
        Row of the header above the numbers.
    exhibit : FigureExhibit
    tokens : dict of str to str
        Colours by token.
    currency : str

    Returns
    -------
    int
    """
    figure, numbers = exhibit.figure, exhibit.numbers
    places = {column.name: place for place, column in enumerate(numbers.columns)}
    if figure.kind not in ("bar", "column", "line") or not {figure.x, figure.y} <= set(places):
        return 0
    blocks = _find_blocks(exhibit, places)
    if not blocks:
        return 0
    stacked = {"subtype": "stacked"} if figure.stacked and figure.kind != "line" else {}
    chart = book.add_chart({"type": figure.kind, **stacked})
    paints = _choose_colours(exhibit, list(blocks), tokens)
    for name, rows in blocks.items():
        cells = [top + 1 + rows.start, top + rows.stop]
        look = {"color": paints[name]}
        series = {
            "categories": [sheet.name, cells[0], places[figure.x], cells[1], places[figure.x]],
            "values": [sheet.name, cells[0], places[figure.y], cells[1], places[figure.y]],
            "gap": 55,
        }
        series |= {"name": [sheet.name, cells[0], places[figure.series]]} if figure.series else {"name": ""}
        if figure.kind == "line":
            marker = {"type": "circle", "size": 5, "fill": look, "border": look}
            series |= {"line": {**look, "width": 2}, "marker": marker}
        else:
            role = figure.role.get(name, "actual")
            outlined = role in ("plan", "forecast")
            series |= {"fill": {"none": True} if outlined else look, "border": {**look, "width": 1}}
            series |= _colour_points(exhibit, places[figure.x], tokens) if len(blocks) == 1 else {}
        chart.add_series(series)
    code = build_number_code(figure.formats.get(figure.y, "number"), currency=currency)
    grid = {"visible": True, "line": {"color": tokens["grid"]}}
    lying = figure.kind == "bar"
    set_values, set_categories = chart.set_y_axis, chart.set_x_axis
    if lying:
        set_values, set_categories = set_categories, set_values
    set_values({"num_format": code, "line": {"none": True}, "major_gridlines": grid})
    categories = {"major_gridlines": {"visible": False}, "label_position": "low"}
    set_categories(categories | ({"reverse": True, "crossing": "max"} if lying else {}))
    chart.set_title({"none": True})
    chart.set_legend({"position": "top"} if figure.series else {"none": True})
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})
    sheet.insert_chart(top, len(numbers.columns) + 1, chart, {"description": figure.alt})
    return _ROWS


def _find_blocks(exhibit: FigureExhibit, places: dict[str, int]) -> dict[str, range]:
    """The rows of each series where they lie together and all have the same categories; else nothing."""
    figure, rows = exhibit.figure, exhibit.numbers.rows
    if not rows or not figure.series:
        return {"": range(len(rows))} if rows else {}
    names = [row[places[figure.series]].text for row in rows]
    blocks: dict[str, range] = {}
    start = 0
    for name, members in groupby(names):
        count = len(list(members))
        if name in blocks:
            return {}
        blocks[name] = range(start, start + count)
        start += count
    categories = {tuple(rows[i][places[figure.x]].text for i in block) for block in blocks.values()}
    return blocks if len(categories) == 1 else {}


def _colour_points(exhibit: FigureExhibit, place: int, tokens: dict[str, str]) -> dict[str, list]:
    """A single series takes the accent at the highlighted category and steps back at the others."""
    if exhibit.figure.highlight is None or exhibit.figure.role:
        return {}
    names = [row[place].text for row in exhibit.numbers.rows]
    fills = [tokens["accent" if name == exhibit.figure.highlight else "faded-1"] for name in names]
    return {"points": [{"fill": {"color": fill}, "border": {"color": fill}} for fill in fills]}


def _choose_colours(exhibit: FigureExhibit, names: list[str], tokens: dict[str, str]) -> dict[str, str]:
    """Scenario, accent or hue of each series, as the drawings have them."""
    from segutils.charts.marks import choose_paints

    paints = choose_paints(exhibit.figure, names)
    return {name: tokens[paint.edge] for name, paint in zip(names, paints, strict=True)}
