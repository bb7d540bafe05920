"""Scenes of photographed things, animals and signs, on photographs: cut-outs of Tux Paint's stamps."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image

from course_pkg._validate import choice
from course_pkg.data import registry
from course_pkg.data.photos import Name
from course_pkg.data.scenes.backgrounds import Split, backgrounds
from course_pkg.data.scenes.compose import CutOut, Rules
from course_pkg.data.scenes.sequence import Scenes

FOLDERS = {
    "mammal": "animals/mammals",
    "bird": "animals/birds",
    "insect": "animals/insects",
    "fruit": "food/fruit",
    "vegetable": "food/vegetables",
    "flower": "plants/flowers",
    "road sign": "town/roadsigns",
}
NOT_PHOTOGRAPHS = ("cartoon", "toys", "plastic", "echidna", "hedgehog", "bee")  # names of folders and files
NO_INSECTS = ("Brown_slug", "Woodlouse")
WITH_SUCH_THINGS: tuple[Name, ...] = ("flower", "chelsea")  # backgrounds that show a flower, and a mammal
LARGEST_ZOOM = 2  # how far a cut-out is magnified at most
BRIGHTNESS = (0.75, 1.15)  # range of the factor of a cut-out's colours
RULES = Rules(objects=(1, 5), scale=(0.2, 0.6), cut=0.25, least_visible=0.4, overlap=0.6, void=2)


@dataclass(frozen=True)
class StampCutOuts:
    """Stamps, cut out along what is opaque."""

    images: tuple[Image.Image, ...]
    """Colours and alpha (RGBA)."""
    labels: tuple[int, ...]

    def __call__(self, rng: np.random.Generator, side: float) -> CutOut:
        """A random stamp, any class as likely, perhaps mirrored, a little darker or brighter.

        Its longer side is about `side` pixels, or less where that would magnify it more than twice.
        """
        label = rng.choice(np.unique(self.labels))
        i = rng.choice(np.flatnonzero(np.array(self.labels) == label))
        image = self.images[i]
        zoom = min(side / max(image.size), LARGEST_ZOOM)
        size = [max(round(length * zoom), 1) for length in image.size]
        pixels = np.asarray(image.resize(size, Image.Resampling.BILINEAR), np.float32) / np.float32(255)
        if rng.random() < 0.5 and may_be_mirrored(label):
            pixels = pixels[:, ::-1]
        colour = np.minimum(pixels[..., :3] * np.float32(rng.uniform(*BRIGHTNESS)), 1)
        return CutOut(pixels[..., 3], colour, int(label))


def stamp_scenes(
    split: Split = "train",
    size: int | tuple[int, int] = 224,
    *,
    count: int | None = None,
    seed: int = 0,
    rules: Rules = RULES,
    folder: str | Path | None = None,
) -> Scenes:
    """Scenes with one to five mammals, birds, insects, fruit, vegetables, flowers and road signs.

    The objects are cut out of photographs (signs are drawn, as signs are) and pasted on other photographs.
    Neither stamp nor photograph is in two splits; stamps whose names begin with the same word, of which some
    show one animal twice, are in one split. There are few of some classes, of insects only six in all.
    Results on such scenes are no results on PASCAL VOC: here nothing is where it belongs.

    Parameters
    ----------
    split
        "train", "validation" or "test".
    size
        Height and width in pixels, 16 or more; one number for both.
    count
        How many scenes; 50,000 to train on, else 1,000, if not given. The first are the same for any count.
    seed
        Another seed gives other scenes.
    rules
        How many objects, how large, how well seen: one to five, their longer side 0.2 to 0.6 of the image's,
        at least 0.4 of each seen, and 2 pixels on both sides of outlines void, if not given.
    folder
        Where the stamps lie, if not where `python -m course_pkg data fetch stamps` puts them.

    Returns
    -------
    Scenes
        A sequence; its classes are the keys of `FOLDERS`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    FileNotFoundError
        If a class has no stamp in `folder`.
    DataUnavailable
        If no folder is given and the stamps were not fetched.

    Notes
    -----
    Source: Tux Paint's stamps, by many photographers, under the GNU General Public Licence 2: they are
    fetched, and no part of this course.
    """
    choice("split", split, get_args(Split))
    stamps = registry.path("stamps") if folder is None else Path(folder)
    images, labels = [], []
    for label, place in enumerate(FOLDERS.values()):
        for file in stamp_files(stamps / place, split):
            images.append(_read(file))
            labels.append(label)
    cut_outs = StampCutOuts(tuple(images), tuple(labels))
    photographs = backgrounds(split, field=(200, 427), without=WITH_SUCH_THINGS)
    return Scenes(tuple(FOLDERS), cut_outs, photographs, rules, size, split, seed, count)


def stamp_files(folder: Path, split: Split) -> list[Path]:
    """The stamps of a class that are in a split: of five first words of names three to train, one each else.

    Raises
    ------
    FileNotFoundError
        If there are none.
    """
    groups: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*.png")):
        names = {*file.relative_to(folder).parts[:-1], file.stem}
        if names.isdisjoint((*NOT_PHOTOGRAPHS, *NO_INSECTS)):
            groups.setdefault(re.split(r"[^a-z]", file.stem.lower())[0], []).append(file)
    turns: tuple[Split, ...] = ("train", "train", "train", "validation", "test")
    files = [
        file
        for i, word in enumerate(sorted(groups))
        if turns[i % len(turns)] == split
        for file in groups[word]
    ]
    if not files:
        raise FileNotFoundError(f"{folder}: has no stamps for {split}")
    return files


def may_be_mirrored(label: int) -> bool:
    """Whether a thing of this class can be seen the other way round; a road sign cannot.

    Examples
    --------
    >>> [name for label, name in enumerate(FOLDERS) if not may_be_mirrored(label)]
    ['road sign']
    """
    return label != list(FOLDERS).index("road sign")


def opaque_part(image: Image.Image) -> Image.Image:
    """The part of a picture with alpha (RGBA) around the pixels that are half opaque or more.

    Examples
    --------
    >>> picture = Image.new("RGBA", (9, 7))
    >>> picture.paste((200, 0, 0, 255), (2, 3, 6, 5))
    >>> opaque_part(picture).size
    (4, 2)
    """
    solid = image.getchannel("A").point(lambda alpha: 255 * (alpha >= 128))
    return image.crop(solid.getbbox())


def _read(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return opaque_part(picture.convert("RGBA"))
