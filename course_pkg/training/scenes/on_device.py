"""Scenes painted many at a time, on the device that trains, so that it need not wait for its examples.

The scenes are those of `course_pkg.data.scenes`: same cut-outs, photographs, rules and truth. What each is to
show is drawn on the CPU from its own number, and all that depends on pixels is computed on the device, which
is never waited for: one layer of objects after the other is brought to its size, finds its place and is
painted.
"""

from collections.abc import Iterable
from typing import NamedTuple, get_args

import numpy as np
import torch
from torch.nn import functional as F

from course_pkg._validate import describe, integer
from course_pkg.data.scenes import VOID, Rules, SceneBatch, Scenes
from course_pkg.data.scenes.backgrounds import Split
from course_pkg.training.precision import best_device
from course_pkg.training.scenes.atlas import cut_out_atlas, photographs_on
from course_pkg.training.scenes.painting import Painted, bring, paint
from course_pkg.training.scenes.plans import Variation, draw_plan

AS_THEY_CAME = Variation()


class SceneTensors(NamedTuple):
    """N scenes on a device, with places for M objects each, those further back first."""

    images: torch.Tensor
    """Red, green and blue, 0 … 1, float32, (N, 3, H, W)."""
    boxes: torch.Tensor
    """(x0, y0, x1, y1) around the pixels of each object that are seen, float32, (N, M, 4)."""
    labels: torch.Tensor
    """Their classes, int64, (N, M)."""
    present: torch.Tensor
    """Which of the M places have an object, bool, (N, M); of the others all is 0."""
    masks: torch.Tensor
    """Of each pixel 0 for background, 1 + the class, or 255 where it does not count, uint8, (N, H, W)."""
    instances: torch.Tensor
    """Of each pixel 0 for background or 1 + the number of the object, 0 … M − 1, uint8, (N, H, W)."""
    visible: torch.Tensor
    """Share of each object's pixels that are seen, float32, (N, M)."""
    truncated: torch.Tensor
    """Whether the edge of the image cuts the object off, bool, (N, M)."""
    occluded: torch.Tensor
    """Whether another object hides a part of it, bool, (N, M)."""
    difficult: torch.Tensor
    """Whether so little of it is seen that nobody need find it, bool, (N, M)."""


class DeviceScenes:
    """Scenes that are painted on a device, by the rules and from the parts of others.

    Scene i follows from the seed, the split and i alone, whatever batch it is in; but scene i is another one
    than scene i of `scenes`, and on another kind of device roundings may differ.

    Parameters
    ----------
    scenes
        Of digits or stamps.
    device
        Where to paint; the first GPU if there is one, else the CPU, if not given.
    variation
        How much more the cut-outs vary than in `scenes`; not at all if not given.

    Attributes
    ----------
    classes
        Names of the classes.
    size
        Height and width in pixels.
    device
        Where the scenes are.

    Raises
    ------
    TypeError
        If `scenes` are no scenes, or of other cut-outs.

    Examples
    --------
    >>> from course_pkg.data.scenes import digit_scenes
    >>> some = DeviceScenes(digit_scenes("test", size=64), "cpu")
    >>> scenes = some.tensors([4, 7])
    >>> scenes.images.shape, scenes.boxes.shape, len(some)
    (torch.Size([2, 3, 64, 64]), torch.Size([2, 4, 4]), 1000)
    """

    def __init__(
        self, scenes: Scenes, device: str | torch.device | None = None, variation: Variation = AS_THEY_CAME
    ) -> None:
        if not isinstance(scenes, Scenes):
            raise TypeError(f"scenes: got {describe(scenes)}, expected Scenes")
        height, width = scenes.size  # type: ignore[misc]  # two numbers, however it was given
        self.scenes, self.variation, self.size = scenes, variation, (height, width)
        self.device = best_device() if device is None else torch.device(device)
        least, greatest = (share * min(self.size) for share in scenes.rules.scale)
        self._atlas = cut_out_atlas(scenes.cut_outs, (least, greatest), variation.turns, self.device)
        self._photographs = photographs_on(scenes.backgrounds, self.size, self.device)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.scenes.classes

    def __len__(self) -> int:
        """Number of scenes, as of those that they were made of."""
        return len(self.scenes)

    @torch.no_grad()
    def tensors(self, indices: Iterable[int]) -> SceneTensors:
        """The scenes of these numbers, on the device.

        Parameters
        ----------
        indices
            One number or more, 0 and up. There is no end: numbers beyond the last give scenes as well.

        Returns
        -------
        SceneTensors

        Raises
        ------
        TypeError, ValueError
            If there are no indices, or one is no integer of at least 0.
        """
        numbers = [integer("indices", i, minimum=0) for i in indices]
        if not numbers:
            raise ValueError("indices: got none, expected at least one")
        part = get_args(Split).index(self.scenes.split)
        plan = draw_plan(
            [np.random.default_rng([self.scenes.seed, part, i]) for i in numbers],
            self._photographs,
            self.scenes.backgrounds,
            self._atlas,
            self.scenes.rules,
            self.size,
            self.variation,
        )
        painted = paint(plan, self._photographs, self._atlas, self.scenes.rules, self.size)
        labels = bring(self._atlas.labels[plan.cut_outs], self.device)
        return _truth(painted, labels, self.scenes.rules)

    def batch(self, indices: Iterable[int]) -> SceneBatch:
        """The same as NumPy arrays, for whatever takes `Scenes.batch`.

        Parameters
        ----------
        indices
            One number or more.

        Returns
        -------
        SceneBatch

        Raises
        ------
        TypeError, ValueError
            As `tensors`.

        Examples
        --------
        >>> from course_pkg.data.scenes import digit_scenes
        >>> DeviceScenes(digit_scenes("test", size=64), "cpu").batch([3]).labels
        [array([9, 3, 7])]
        """
        scenes = SceneTensors(*(values.cpu() for values in self.tensors(indices)))
        there = scenes.present.numpy()

        def of_each(values: torch.Tensor) -> list[np.ndarray]:
            return [some[which] for some, which in zip(values.numpy(), there, strict=True)]

        return SceneBatch(
            images=scenes.images.numpy(),
            boxes=of_each(scenes.boxes),
            labels=of_each(scenes.labels),
            masks=scenes.masks.numpy(),
            difficult=of_each(scenes.difficult),
        )


def _truth(painted: Painted, labels: torch.Tensor, rules: Rules) -> SceneTensors:
    images, instances, whole, within, seen = painted
    present = whole > 0
    visible = seen / whole.clamp(min=1)
    table = F.pad(labels + 1, (1, 0)).to(torch.uint8)  # (N, 1 + M)
    masks = table.gather(1, instances.flatten(1).long()).view(instances.shape)
    if rules.void:
        masks = masks.masked_fill(_outlines(instances, rules.void), VOID)
    return SceneTensors(
        images=images,
        boxes=_boxes(instances, labels.shape[1]),
        labels=labels * present,
        present=present,
        masks=masks,
        instances=instances,
        visible=visible,
        truncated=within < whole,
        occluded=seen < within,
        difficult=present & (visible < rules.difficult),
    )


def _boxes(instances: torch.Tensor, most: int) -> torch.Tensor:
    boxes = []
    for number in range(most):
        pixels = instances == number + 1
        edges = []
        for axis in (1, 2):  # columns, then rows
            line = pixels.any(dim=axis).to(torch.uint8)
            first, behind = line.argmax(dim=1), line.shape[1] - line.flip(1).argmax(dim=1)
            edges.append(torch.stack([first, behind], dim=1) * line.amax(dim=1, keepdim=True))
        boxes.append(torch.stack(edges, dim=2).flatten(1))  # x0, y0, x1, y1
    return torch.stack(boxes, dim=1).float()


def _outlines(instances: torch.Tensor, width: int) -> torch.Tensor:
    """The pixels that are at most `width` away, in rows and columns, from where two objects meet."""
    highest, lowest = (F.pad(instances, (width,) * 4, value=beyond) for beyond in (0, 255))
    for axis in (1, 2):
        for _ in range(2 * width):  # each step takes in one more row, or column
            rest = highest.shape[axis] - 1
            highest = torch.maximum(highest.narrow(axis, 0, rest), highest.narrow(axis, 1, rest))
            lowest = torch.minimum(lowest.narrow(axis, 0, rest), lowest.narrow(axis, 1, rest))
    return highest != lowest
