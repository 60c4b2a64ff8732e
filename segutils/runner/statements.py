"""Which sections of the engagement file does a notebook's code look at? Only these make its results stale."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from segutils.engagement_model import Engagement

ALL = "all"
ALWAYS = ("client", "currency", "as_of", "brand", "simulated")  # what every finding is shown with
OF_STATED: Mapping[str, str] = {  # functions of segutils.stated
    "list_costs": "costs",
    "list_thresholds": "thresholds",
    "list_budgets": "budgets",
    "read_weights": "weights",
    "list_privacy": "privacy",
    "list_survivorship": "survivorship",
    "list_providers": "providers",
    "list_project": "project",
    "list_objectives": "objectives",
    "list_responses": "responses",
    "list_scenarios": "scenarios",
    "list_key_results": "key_results",
}


def list_sections(trees: Iterable[ast.Module | None]) -> frozenset[str]:
    """The sections that the cells read, by what they call.

    Parameters
    ----------
    trees : iterable of ast.Module or None
        The code cells; None for one that is no Python.

    Returns
    -------
    frozenset of str
        Keys of the engagement file; ``overrides.sufficiency`` for one override; ``all`` where the code hands
        the engagement on as a whole, or cannot be read.
    """
    found: set[str] = set(ALWAYS)
    for tree in trees:
        found |= {ALL} if tree is None else _sections_of(tree)
    return frozenset({ALL} if ALL in found else found)


def select_sections(engagement: Mapping[str, Any], sections: frozenset[str]) -> dict[str, Any]:
    """The values of these sections, for a key that changes when they do."""
    if ALL in sections:
        return dict(engagement)
    found: dict[str, Any] = {}
    for section in sorted(sections):
        key, _, part = section.partition(".")
        found[section] = (engagement.get(key) or {}).get(part) if part else engagement.get(key)
    return found


def _sections_of(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    explained: set[int] = set()  # uses of the run or its engagement that tell what they read
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            section = OF_STATED.get(node.func.attr) if _is_name(node.func.value, "stated") else None
            if section:
                found.add(section)
                explained |= {id(arg) for arg in node.args if _is_engagement(arg)}
            if _is_name(node.func.value, "run") and node.func.attr == "override":
                slug = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
                found.add(f"overrides.{slug}" if slug else "overrides")
        if isinstance(node, ast.Attribute):
            if _is_engagement(node.value):
                found.add(node.attr if node.attr in Engagement.model_fields else ALL)
                explained.add(id(node.value))
            if _is_name(node.value, "run") and node.attr == "targets":
                found.add("targets")
            if _is_name(node.value, "run"):
                explained.add(id(node.value))
    for node in ast.walk(tree):
        if id(node) not in explained and (_is_engagement(node) or _is_loaded_run(node)):
            found.add(ALL)
    return found


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_loaded_run(node: ast.AST) -> bool:
    return _is_name(node, "run") and isinstance(node.ctx, ast.Load)


def _is_engagement(node: ast.AST) -> bool:
    """``run.engagement``"""
    return isinstance(node, ast.Attribute) and node.attr == "engagement" and _is_name(node.value, "run")
