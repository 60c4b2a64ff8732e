"""The compiled inner loops of k-means (see :mod:`segutils.statistics.kmeans` for what they are for).

Customers lie along the last axis (feature x customer), so that distances of a run of customers to one centre
are computed by the processor's vector units. No reassociation of sums is allowed: results are the same to the
last bit for any number of threads.
"""

import numpy as np
from numba import njit

BLOCK = 256  # customers whose distances are held at once: fits the first-level cache


@njit(nogil=True, cache=True)
def fit_range(columns, weights, restarts, first, last, seed, max_iterations, centres, inertias):
    """Fit tasks first..last; task t is restart ``t % restarts`` of resample ``t // restarts``."""
    k, p = centres.shape[2], centres.shape[3]
    n = columns.shape[1]
    state = np.empty(1, np.uint64)
    drawn, mass = np.empty(p * n), np.empty(n)
    near, candidate, running = np.empty(n), np.empty(n), np.empty(n)
    labels, before = np.empty(n, np.int64), np.empty(n, np.int64)
    sums, counts = np.empty((k, p)), np.empty(k)
    loaded, m = -1, 0
    for task in range(first, last):
        resample, restart = task // restarts, task % restarts
        if resample != loaded:
            m = _load(columns, weights[resample], drawn, mass)
            loaded = resample
        x, w = drawn[: p * m].reshape(p, m), mass[:m]
        _start_stream(state, seed, resample, restart)
        centre = centres[resample, restart]
        _seed_centres(x, w, centre, state, near[:m], candidate[:m], running[:m])
        inertias[resample, restart] = _run(
            x, w, centre, max_iterations, labels[:m], before[:m], near[:m], sums, counts
        )


@njit(nogil=True, cache=True)
def assign_range(columns, centres, first, last, labels):
    """Nearest centre of every customer for the solutions first..last."""
    n = columns.shape[1]
    near, nearest = np.empty(n), np.empty(n, np.int64)
    for solution in range(first, last):
        _nearest(columns, centres[solution], nearest, near)
        for i in range(n):
            labels[solution, i] = nearest[i]


@njit(nogil=True)
def _load(columns, weights, drawn, mass):
    """Copy the customers that are in the resample, with their multiplicity; returns how many."""
    m, place = 0, 0
    for i in range(columns.shape[1]):
        if weights[i] > 0:
            mass[m] = weights[i]
            m += 1
    for f in range(columns.shape[0]):
        for i in range(columns.shape[1]):
            if weights[i] > 0:
                drawn[place] = columns[f, i]
                place += 1
    return m


@njit(nogil=True)
def _run(x, w, centre, max_iterations, labels, before, near, sums, counts):
    """Lloyd's iterations from the seeds in `centre` until nothing moves; returns the sum of squares."""
    p, m = x.shape
    k = centre.shape[0]
    _nearest(x, centre, labels, near)
    _add_up(x, w, labels, sums, counts)
    for _ in range(max_iterations):
        _fill_empty(x, w, labels, near, sums, counts)
        for c in range(k):
            if counts[c] > 0:
                for f in range(p):
                    centre[c, f] = sums[c, f] / counts[c]
        before, labels = labels, before
        _nearest(x, centre, labels, near)
        moved = 0
        for i in range(m):
            old, new = before[i], labels[i]
            if old != new:
                moved += 1
                counts[old] -= w[i]
                counts[new] += w[i]
                for f in range(p):
                    sums[old, f] -= w[i] * x[f, i]
                    sums[new, f] += w[i] * x[f, i]
        if moved == 0:
            break
    # moving sums along leaves rounding behind: the final centres are added up afresh
    _add_up(x, w, labels, sums, counts)
    for c in range(k):
        if counts[c] > 0:
            for f in range(p):
                centre[c, f] = sums[c, f] / counts[c]
    _nearest(x, centre, labels, near)
    inertia = 0.0
    for i in range(m):
        inertia += w[i] * near[i]
    return inertia


@njit(nogil=True)
def _nearest(x, centre, labels, near):
    """Nearest centre of every customer and the squared distance to it."""
    n = x.shape[1]
    distance = np.empty(BLOCK)
    for first in range(0, n, BLOCK):
        last = min(first + BLOCK, n)
        m = last - first
        best, label = near[first:last], labels[first:last]
        _distances(x, centre[0], first, last, best)
        for j in range(m):
            label[j] = 0
        for c in range(1, centre.shape[0]):
            _distances(x, centre[c], first, last, distance)
            for j in range(m):
                closer = distance[j] < best[j]
                best[j] = distance[j] if closer else best[j]
                label[j] = c if closer else label[j]


@njit(nogil=True)
def _distances(x, centre, first, last, out):
    """Squared distances of customers first..last to one centre."""
    p, m = x.shape[0], last - first
    rest = p % 4
    for j in range(m):
        out[j] = 0.0
    for f in range(rest):
        row, c = x[f, first:last], centre[f]
        for j in range(m):
            d = row[j] - c
            out[j] += d * d
    for f in range(rest, p, 4):  # four features at a time: a quarter of the traffic with `out`
        row0, row1, row2, row3 = (
            x[f, first:last],
            x[f + 1, first:last],
            x[f + 2, first:last],
            x[f + 3, first:last],
        )
        c0, c1, c2, c3 = centre[f], centre[f + 1], centre[f + 2], centre[f + 3]
        for j in range(m):
            d0, d1, d2, d3 = row0[j] - c0, row1[j] - c1, row2[j] - c2, row3[j] - c3
            out[j] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)


@njit(nogil=True)
def _add_up(x, w, labels, sums, counts):
    sums[:] = 0.0
    counts[:] = 0.0
    for i in range(x.shape[1]):
        counts[labels[i]] += w[i]
    for f in range(x.shape[0]):
        for i in range(x.shape[1]):
            sums[labels[i], f] += w[i] * x[f, i]


@njit(nogil=True)
def _fill_empty(x, w, labels, near, sums, counts):
    """Give each empty segment the customer farthest from its centre, of a segment that keeps others."""
    for c in range(len(counts)):
        if counts[c] > 0:
            continue
        far = -1
        for i in range(x.shape[1]):
            if counts[labels[i]] > w[i] and near[i] > 0 and (far < 0 or near[i] > near[far]):
                far = i
        if far < 0:
            continue  # fewer different customers than segments in this resample: the segment stays empty
        old = labels[far]
        counts[old] -= w[far]
        counts[c] = w[far]
        for f in range(x.shape[0]):
            sums[old, f] -= w[far] * x[f, far]
            sums[c, f] = w[far] * x[f, far]
        labels[far] = c
        near[far] = 0.0


@njit(nogil=True)
def _seed_centres(x, w, centre, state, near, candidate, running):
    """Greedy k-means++: of a few customers drawn by squared distance, the one that helps most."""
    p, m = x.shape
    k = centre.shape[0]
    trials = 2 + int(np.log(k))
    best, point = np.empty(m), np.empty(p)
    near[:] = 1.0
    for c in range(k):
        total = 0.0
        for i in range(m):
            total += w[i] * near[i]
            running[i] = total
        lowest = np.inf
        for _ in range(trials if c > 0 else 1):
            target, drawn = _next(state) * total, 0
            while drawn < m - 1 and running[drawn] <= target:
                drawn += 1
            for f in range(p):
                point[f] = x[f, drawn]
            _distances(x, point, 0, m, candidate)
            left = 0.0
            for i in range(m):
                if c > 0:
                    candidate[i] = min(candidate[i], near[i])
                left += w[i] * candidate[i]
            if left < lowest:
                lowest = left
                best, candidate = candidate, best
                for f in range(p):
                    centre[c, f] = point[f]
        near, best = best, near


@njit(nogil=True)
def _start_stream(state, seed, resample, restart):
    """A stream of its own for each fit."""
    state[0] = seed
    _next(state)
    state[0] ^= np.uint64(resample + 1) * np.uint64(0xD1342543DE82EF95)
    _next(state)
    state[0] ^= np.uint64(restart + 1) * np.uint64(0xAF251AF3B0F025B5)
    _next(state)


@njit(nogil=True)
def _next(state):
    """SplitMix64 (Steele, Lea and Flood 2014): the next uniform number in [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)
