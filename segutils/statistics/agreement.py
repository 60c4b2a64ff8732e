"""How far two assignments of the same customers agree, overall and segment by segment.

Assignments are whole-number labels, 0-based; a label that no customer has counts as an empty segment.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment


def cross_count(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How many customers have each pair of labels (table: label in `first` x label in `second`)?"""
    rows, columns = int(first.max()) + 1, int(second.max()) + 1
    cells = first.astype(np.int64) * columns + second
    return np.bincount(cells, minlength=rows * columns).reshape(rows, columns)


def adjusted_rand(first: np.ndarray, second: np.ndarray) -> float:
    """How much better than chance do two assignments agree? See :func:`adjusted_rand_of_table`."""
    return adjusted_rand_of_table(cross_count(first, second))


def adjusted_rand_of_table(table: np.ndarray) -> float:
    """Adjusted Rand index of a cross table: 1 is the same cut, 0 what chance would give.

    Source: Hubert and Arabie 1985. Two assignments that both put everybody into one segment agree: 1.
    """
    together = _pairs(table).sum()
    first, second = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    expected = first * second / _pairs(table.sum())
    most = (first + second) / 2
    return 1.0 if most == expected else float((together - expected) / (most - expected))


def best_jaccard(reference: np.ndarray, other: np.ndarray, *, segments: int) -> np.ndarray:
    """Does each segment of the reference come back in another assignment?

    Source: Hennig 2007; Dolnicar and Leisch 2017 (segment level stability within solutions).

    Returns
    -------
    numpy.ndarray
        Per segment of the reference (of `segments`) the largest Jaccard coefficient with any segment of
        `other`.
    """
    return best_jaccard_of_table(_with_rows(cross_count(reference, other), segments))


def best_jaccard_of_table(table: np.ndarray) -> np.ndarray:
    """Largest Jaccard coefficient of each row's segment with any column's; an empty row gives 0."""
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    return np.divide(table, union, out=np.zeros(table.shape), where=union > 0).max(axis=1)


def match_labels(reference: np.ndarray, other: np.ndarray, *, segments: int) -> np.ndarray:
    """Which label of the reference does each label of another assignment continue?

    One to one, so that as many customers as possible keep their label (Hungarian assignment, Kuhn 1955).

    Returns
    -------
    numpy.ndarray of int
        For each label of `other` the matched label of the reference, or -1 where none is left.
    """
    return match_table(_with_rows(cross_count(reference, other), segments))


def follow_labels(reference: np.ndarray, other: np.ndarray, *, segments: int) -> np.ndarray:
    """The same where `other` may have more labels: one that is left over goes where most of it comes from.

    Returns
    -------
    numpy.ndarray of int
        For each label of `other` a label of the reference.
    """
    table = _with_rows(cross_count(reference, other), segments)
    matched = match_table(table)
    return np.where(matched >= 0, matched, table.argmax(axis=0))


def match_table(table: np.ndarray) -> np.ndarray:
    """For each column the row it is matched to, or -1: one to one, with most customers on matched cells."""
    rows, columns = linear_sum_assignment(table, maximize=True)
    matched = np.full(table.shape[1], -1)
    matched[columns] = rows
    return matched


def flow_stability(table: np.ndarray) -> np.ndarray:
    """Does each segment of a solution come from one segment of the previous solution, or from many?

    Segment level stability across solutions (Dolnicar and Leisch 2017): 1 minus the entropy of the shares it
    takes from each previous segment, divided by the largest possible entropy.

    Parameters
    ----------
    table : numpy.ndarray
        Customers by previous segment (rows) and segment (columns).

    Returns
    -------
    numpy.ndarray
        Per column 0-1; 1 where all customers come from one segment.
    """
    shares = table / table.sum(axis=0, keepdims=True)
    logs = np.log(shares, out=np.zeros(shares.shape), where=shares > 0)
    return 1 + (shares * logs).sum(axis=0) / np.log(len(table)) if len(table) > 1 else np.ones(table.shape[1])


def _pairs(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts, dtype=float)
    return counts * (counts - 1) / 2


def _with_rows(table: np.ndarray, rows: int) -> np.ndarray:
    return np.pad(table, ((0, max(rows - len(table), 0)), (0, 0)))
