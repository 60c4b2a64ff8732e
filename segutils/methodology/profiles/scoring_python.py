"""The typing tool as a Python file that needs nothing but Python."""

from collections.abc import Mapping

from segutils.methodology.profiles.nearest_centre import weigh_features
from segutils.methodology.profiles.rules import Answer, Rule
from segutils.statistics.segment_model import NO_PURCHASES, SegmentModel

HEAD = '''"""{title}

Written by segutils from {source}. Needs nothing but Python. A customer is a dictionary of fields;
None (or a missing field) is unknown, and a question about it is answered with no.
"""

import math

SEGMENTS = {names}


def is_at_most(customer, field, limit):
    """Whether a number is known and not above the limit."""
    value = customer.get(field)
    return value is not None and float(value) <= limit


def is_value(customer, field, value):
    """Whether a category is known and has this value."""
    return customer.get(field) == value
'''


def write_head(*, title: str, source: str, names: Mapping[str, str]) -> str:
    """The beginning of the file: what it is, the segments' names, and how questions are answered."""
    return HEAD.format(
        title=title.replace('"', "'"), source=source.replace('"', "'"), names=repr(dict(names))
    )


def write_rule_python(rule: Rule, *, function: str, words: str, buyers_only: bool = False) -> str:
    """The rule as a function of a customer."""
    lines = [f"def {function}(customer):", f"    {_docstring(words)}"]
    if buyers_only:
        lines += ['    if not customer.get("has_purchases"):', f"        return {NO_PURCHASES!r}"]
    return "\n".join([*lines, *_write_question(rule, 1), ""])


def write_nearest_python(model: SegmentModel, *, function: str, words: str) -> str:
    """The nearest centre as a function of a customer; None where a feature is unknown."""
    weights = weigh_features(model)
    rows = [
        f"        ({row.segment!r}, {row.constant!r}, {list(row.weights)!r}),"
        for row in weights.itertuples(index=False)
    ]
    axes = list(zip(model.scaling.features, model.scaling.transforms, strict=True))
    return "\n".join(
        [
            f"def {function}(customer):",
            f"    {_docstring(words)}",
            '    if not customer.get("has_purchases"):',
            f"        return {NO_PURCHASES!r}",
            "    values = []",
            f"    for field, transform in {axes!r}:",
            "        value = customer.get(field)",
            "        if value is None or math.isnan(float(value)):",
            "            return None",
            '        if transform == "log1p" and not float(value) > -1.0:',
            "            return None",
            '        values.append(math.log(float(value) + 1.0) if transform == "log1p" else float(value))',
            "    centres = [",
            *rows,
            "    ]",
            "    best, nearest = None, math.inf",
            "    for segment, constant, weights in centres:",
            "        distance = constant",
            "        for weight, value in zip(weights, values):",
            "            distance += value * weight",
            "        if distance < nearest:",
            "            best, nearest = segment, distance",
            "    return best",
            "",
        ]
    )


def _docstring(words: str) -> str:
    return '"""' + words.replace("\\", "/").replace('"', "'") + '"""'


def _write_question(rule: Rule, depth: int) -> list[str]:
    pad = "    " * depth
    if isinstance(rule, Answer):
        return [f"{pad}return {rule.segment!r}"]
    asked = (
        f"is_at_most(customer, {rule.field!r}, {rule.at_most!r})"
        if rule.at_most is not None
        else f"is_value(customer, {rule.field!r}, {rule.equals!r})"
    )
    return [f"{pad}if {asked}:", *_write_question(rule.yes, depth + 1), *_write_question(rule.no, depth)]
