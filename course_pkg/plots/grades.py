"""Two figures of the class report: how the totals are spread, and how hard and how telling each part is."""

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from course_pkg.plots.figure import INPUT, KERNEL, MUTED, OUTPUT, Figure, drawing

BINS = 10


def score_distribution(totals: ArrayLike, maximum: float) -> Figure:
    """Draw how many students reached which share of the points, in ten bins, with the median marked.

    Parameters
    ----------
    totals : array, (students,)
        Each student's points, from 0 to `maximum`.
    maximum : float
        The most points there are to have so far; more than 0.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no totals, one is not finite or lies outside 0 to `maximum`, or `maximum` is not above 0.

    Examples
    --------
    >>> score_distribution([3, 8, 9, 10], maximum=10)
    Figure: Histogram of 4 totals from 3 to 10 of 10 points; the median is 8.5.
    """
    points = np.asarray(totals, dtype=float)
    if points.ndim != 1 or points.size == 0 or not np.isfinite(points).all():
        raise ValueError(f"totals: expected a list of finite numbers, got {totals!r}")
    if not maximum > 0 or points.min() < 0 or points.max() > maximum:
        raise ValueError(f"totals: expected numbers from 0 to maximum={maximum}, got {points}")
    median = float(np.median(points))
    with drawing(height=2.2) as (figure, [axes]):
        counts, _, _ = axes.hist(points, bins=BINS, range=(0, maximum), color=OUTPUT, rwidth=0.9)
        axes.axvline(median, color=KERNEL, linestyle="--")
        # beside the line, on the side with more room
        side = 1 if median < maximum / 2 else -1
        axes.annotate(
            f"median {median:g}",
            (median, np.max(counts) * 1.12),
            (5 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            color=KERNEL,
        )
        axes.set(xlabel=f"points, of {maximum:g}", ylabel="students", xlim=(0, maximum))
        axes.set_ylim(0, np.max(counts) * 1.25)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return Figure(
        figure,
        f"Histogram of {points.size} totals from {points.min():g} to {points.max():g} of {maximum:g} points; "
        f"the median is {median:g}.",
    )


def part_difficulty(parts: Mapping[str, tuple[float, float]]) -> Figure:
    """Draw, for each part, the share of its points that was earned and how well it tells students apart.

    Parameters
    ----------
    parts : mapping of name to (share, discrimination)
        The share of the points earned, 0 to 1, and the correlation of the part with the rest of the
        assignment, -1 to 1; nan where there is none.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no parts, or a number lies outside its range.

    Examples
    --------
    >>> part_difficulty({"flip": (0.9, 0.2), "pad": (0.4, 0.7)})
    Figure: Share of points earned in 2 parts, from 40% in pad to 90% in flip, beside item-rest correlations.
    """
    shares = np.array([share for share, _ in parts.values()], dtype=float)
    telling = np.array([correlation for _, correlation in parts.values()], dtype=float)
    if not parts or not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"parts: expected shares from 0 to 1, got {shares}")
    if (np.abs(telling[~np.isnan(telling)]) > 1 + 1e-9).any():
        raise ValueError(f"parts: expected correlations from -1 to 1 or nan, got {telling}")
    names, rows = list(parts), np.arange(len(parts))
    height = 0.9 + 0.3 * len(parts)
    with drawing(1, 2, height=height, sharey=True, width_ratios=[3, 2]) as (figure, [left, right]):
        left.barh(rows, 100 * shares, color=INPUT, height=0.7)
        left.set(
            xlabel="points earned, %", xlim=(0, 100), xticks=[0, 50, 100], yticks=rows, yticklabels=names
        )
        left.invert_yaxis()
        right.axvline(0, color=MUTED, linewidth=0.8)
        right.hlines(rows, 0, np.nan_to_num(telling), color=MUTED, linewidth=1)
        right.plot(telling, rows, "o", color=KERNEL)
        right.set(xlabel="item–rest correlation", xlim=(-1.05, 1.05), xticks=[-1, 0, 1])
        right.tick_params(axis="y", length=0)
    low, high = int(np.argmin(shares)), int(np.argmax(shares))
    return Figure(
        figure,
        f"Share of points earned in {len(parts)} parts, from {shares[low]:.0%} in {names[low]} "
        f"to {shares[high]:.0%} in {names[high]}, beside item-rest correlations.",
    )
