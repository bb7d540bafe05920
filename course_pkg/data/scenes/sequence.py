"""Scenes as a sequence: scene i is the same whenever, wherever and in whatever order it is asked for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np

from course_pkg._validate import choice, integer, positive_int, sizes
from course_pkg.data.scenes.backgrounds import Backgrounds, Split
from course_pkg.data.scenes.compose import CutOut, Rules, Scene, compose


class SceneBatch(NamedTuple):
    """N scenes, as networks take them."""

    images: np.ndarray
    """Red, green and blue, 0 … 1, float32, (N, 3, H, W)."""
    boxes: list[np.ndarray]
    """Of each scene the boxes of its objects, float32, (M, 4)."""
    labels: list[np.ndarray]
    """Of each scene the classes of its objects, int64, (M,)."""
    masks: np.ndarray
    """Of each pixel 0 for background, 1 + the class, or 255 where it does not count, uint8, (N, H, W)."""
    difficult: list[np.ndarray]
    """Of each scene which objects need not be found, bool, (M,)."""


@dataclass(frozen=True)
class Scenes:
    """A sequence of scenes, composed when they are asked for.

    Scene i follows from the seed, the split and i alone, so that workers, order and resuming do not matter.
    It is a data set to `torch.utils.data.DataLoader` as well.
    """

    classes: tuple[str, ...]
    """Names of the classes, in the order of the labels."""
    cut_outs: Callable[[np.random.Generator, float], CutOut]
    """Draws an object to paste."""
    backgrounds: Backgrounds
    """The photographs that they are pasted on."""
    rules: Rules
    """How scenes are composed."""
    size: int | tuple[int, int] = 64
    """Height and width in pixels, 16 or more; one number for both."""
    split: Split = "train"
    """Which part it is, "train", "validation" or "test"."""
    seed: int = 0
    """Another seed gives other scenes."""
    count: int | None = None
    """How many; 50,000 to train on, else 1,000, if not given."""

    def __post_init__(self) -> None:
        size = sizes("size", self.size)
        if len(size) > 2 or min(size) < 16:
            raise ValueError(f"size: got {self.size}, expected height and width, each at least 16")
        object.__setattr__(self, "size", size * (3 - len(size)))
        choice("split", self.split, get_args(Split))
        integer("seed", self.seed, minimum=0)
        if self.count is None:
            object.__setattr__(self, "count", 50_000 if self.split == "train" else 1_000)
        positive_int("count", len(self))

    def __len__(self) -> int:
        """Number of scenes."""
        return self.count  # type: ignore[return-value]  # set above

    def __getitem__(self, index: int) -> Scene:
        """Scene number `index`, 0 … len − 1; a negative one counts from the end.

        Raises
        ------
        IndexError
            If there is no such scene.
        TypeError
            If `index` is not an integer.
        """
        i = integer("index", index)
        if not -len(self) <= i < len(self):
            raise IndexError(
                f"index: got {i}, expected at most {len(self) - 1}, there are {len(self)} scenes"
            )
        part = get_args(Split).index(self.split)
        rng = np.random.default_rng([self.seed, part, i % len(self)])
        background = self.backgrounds.draw(rng, *sizes("size", self.size))
        return compose(background, self.cut_outs, self.rules, rng)

    def batch(self, indices: Iterable[int]) -> SceneBatch:
        """The scenes of these numbers, put together.

        Parameters
        ----------
        indices
            One number or more.

        Returns
        -------
        SceneBatch

        Raises
        ------
        ValueError
            If there are no indices.

        Examples
        --------
        >>> from course_pkg.data.scenes import digit_scenes
        >>> batch = digit_scenes("train", size=32).batch(range(8))
        >>> batch.images.shape, batch.masks.shape, len(batch.boxes)
        ((8, 3, 32, 32), (8, 32, 32), 8)
        """
        scenes = [self[i] for i in indices]
        if not scenes:
            raise ValueError("indices: got none, expected at least one")
        return SceneBatch(
            images=np.stack([scene.image for scene in scenes]),
            boxes=[scene.boxes for scene in scenes],
            labels=[scene.labels for scene in scenes],
            masks=np.stack([scene.mask for scene in scenes]),
            difficult=[scene.difficult for scene in scenes],
        )
