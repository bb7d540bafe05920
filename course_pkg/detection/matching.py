"""Which detections in an image are right: two conventions, for one class and one IoU threshold.

Both take the detections in the order of their scores and give each an object or none, no object to two. They
differ in what a detection may choose from, and in what does not count.
"""

from collections.abc import Callable, Sequence

Overlaps = Sequence[Sequence[float]]  # IoU of each detection, best-scored first, with each object
Verdicts = list[bool | None]  # for each detection: right, wrong, or None if it does not count
Matching = Callable[[Overlaps, Sequence[bool], Sequence[bool], float], Verdicts]


def match_voc(
    overlaps: Overlaps, ignored: Sequence[bool], crowd: Sequence[bool], threshold: float
) -> Verdicts:
    """PASCAL VOC: a detection means the object with which it overlaps most, whether or not that is taken.

    Parameters
    ----------
    overlaps
        IoU of each detection, best-scored first, with each object.
    ignored
        For each object, whether it is one ("difficult") that need not be found, and detections of which do
        not count.
    crowd
        There are no crowds in PASCAL VOC; not looked at.
    threshold
        The least IoU with which a detection is right.

    Returns
    -------
    list of bool or None
        Right, wrong, or None if it does not count, for each detection.

    References
    ----------
    `VOCevaldet.m` of the development kit.

    Examples
    --------
    The second overlaps most with an object that is already found; that it would do for the other is no help.

    >>> match_voc([[0.9, 0.2], [0.8, 0.6]], [False, False], [False, False], 0.5)
    [True, False]
    """
    verdicts: Verdicts = []
    taken = set()
    for row in overlaps:
        best = max(range(len(row)), key=row.__getitem__, default=None)  # the first of equals
        if best is None or row[best] < threshold:
            verdicts.append(False)
        elif ignored[best]:
            verdicts.append(None)
        else:
            verdicts.append(best not in taken)
            taken.add(best)
    return verdicts


def match_coco(
    overlaps: Overlaps, ignored: Sequence[bool], crowd: Sequence[bool], threshold: float
) -> Verdicts:
    """COCO: a detection takes, of the objects that are free, that with which it overlaps most.

    Objects that count go before those that are ignored, however large the overlap.

    Parameters
    ----------
    overlaps, threshold
        As in `match_voc`; with a crowd it is the share of the detection that lies in it.
    ignored
        For each object, whether detections of it do not count.
    crowd
        For each object, whether it is an area with many, any number of which may be found.

    Returns
    -------
    list of bool or None
        As of `match_voc`.

    References
    ----------
    `evaluateImg` of `pycocotools.cocoeval`.

    Examples
    --------
    >>> match_coco([[0.9, 0.2], [0.8, 0.6]], [False, False], [False, False], 0.5)
    [True, True]
    """
    threshold = min(threshold, 1 - 1e-10)  # as in COCO's program
    verdicts: Verdicts = []
    taken = set()
    for row in overlaps:
        free = [i for i, overlap in enumerate(row) if overlap >= threshold and (crowd[i] or i not in taken)]
        if not free:
            verdicts.append(False)
            continue
        best = max(free, key=lambda i: (not ignored[i], row[i], i))  # of equals the last
        verdicts.append(None if ignored[best] else True)
        taken.add(best)
    return verdicts
