"""How far cells lag behind comparable cells of the same client, in draws of what their true levels may be.

The best of several cells is never known for certain: the one that looks best has luck in it. So gaps are
taken in draws of the true levels (:func:`~segutils.statistics.partial_pooling.pool_levels`), in each draw to
the cell that is best in that draw. Where cells may not differ at all, the gap is 0 in as many draws.
"""

from __future__ import annotations

import numpy as np

BEST, USUAL = "best", "usual"


def draw_gaps(levels: np.ndarray, sizes: np.ndarray, block: np.ndarray, *, benchmark: str) -> np.ndarray:
    """What would cells that lag behind comparable ones bring if they did not?

    Parameters
    ----------
    levels : numpy.ndarray
        Draw x cell: true levels, such as own sales over the market.
    sizes : numpy.ndarray
        What a cell's level is a level of.
    block : numpy.ndarray
        Label of each cell: cells of one block are comparable.
    benchmark : str
        ``best``: the highest level of the block. ``usual``: that of the others of the block together.

    Returns
    -------
    numpy.ndarray
        Draw x cell: (benchmark - level) x size; 0 in cells that do not lag, and in those without another one.
    """
    found = np.zeros(levels.shape)
    for name in dict.fromkeys(block):
        cells = np.flatnonzero(block == name)
        if len(cells) < 2:
            continue
        here, size = levels[:, cells], sizes[cells]
        if benchmark == BEST:
            aims = here.max(axis=1, keepdims=True)
        else:
            sums = here * size
            aims = (sums.sum(axis=1, keepdims=True) - sums) / (size.sum() - size)
        lacking = aims - here
        # cells that are alike in a draw are alike to the last digit, whatever the order of adding up
        found[:, cells] = np.where(lacking > 1e-12 * np.abs(aims), lacking * size, 0.0)
    return found
