"""ImageNet (ILSVRC 2012) in its official layout: a folder a class to train on, and the validation images."""

import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from course_pkg._validate import choice, integer
from course_pkg.data.files import read_lines, read_photograph

Split = Literal["train", "val"]
SYNSET = re.compile(r"n\d{8}")  # the name of a class, for example n01440764
VALIDATION_FILE = re.compile(r"ILSVRC2012_val_\d{8}\.JPEG")


@dataclass(frozen=True)
class LabelledPhotographs:
    """A sequence of photographs of any size and their classes, read when they are asked for."""

    files: tuple[Path, ...]
    """The photographs."""
    labels: np.ndarray
    """Their classes, int64, (N,)."""
    synsets: tuple[str, ...]
    """Names of the classes in WordNet, in order; class 0 of all 1,000 is n01440764."""
    names: tuple[str, ...]
    """What they are called, "tench, Tinca tinca"; the same as `synsets` where no development kit tells."""

    def __len__(self) -> int:
        """Number of photographs."""
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        """Photograph number `index`, float32, 0 … 1, (3, H, W), and its class; errors name the file."""
        i = integer("index", index)
        return read_photograph(self.files[i]) / np.float32(255), int(self.labels[i])


def imagenet(
    folder: str | Path, split: Split = "train", devkit: str | Path | None = None
) -> LabelledPhotographs:
    """The photographs of ImageNet's challenge of 2012, unpacked, with their classes.

    Classes are numbered in the order of their WordNet names, as is usual for networks, and not as in the
    development kit.

    Parameters
    ----------
    folder
        The folder around `train` and `val`.
    split
        "train": `train` has a folder for each class, n01440764 and so on, with its .JPEG files.
        "val": `val` has such folders as well, or ILSVRC2012_val_00000001.JPEG and so on, as they are
        distributed; then a development kit is needed.
    devkit
        The unpacked `ILSVRC2012_devkit_t12`: gives the classes' names, and those of the validation images.

    Returns
    -------
    LabelledPhotographs

    Raises
    ------
    FileNotFoundError
        If a folder or a file of the kit is not there.
    ValueError
        If files do not fit together, or a file of the kit is cut off or not what it should be.

    Notes
    -----
    Source: O. Russakovsky et al., "ImageNet large scale visual recognition challenge" (2015).
    """
    choice("split", split, get_args(Split))
    place = Path(folder) / split
    if not place.is_dir():
        raise FileNotFoundError(f"{folder}: has no folder {split}")
    kit = {} if devkit is None else _read_kit(Path(devkit))
    words = dict(kit.values())
    folders = sorted(path for path in place.iterdir() if path.is_dir() and SYNSET.fullmatch(path.name))
    if folders:
        synsets = [path.name for path in folders]
        unknown = sorted(set(synsets) - set(words))
        if kit and unknown:
            raise ValueError(f"{place}: {unknown[0]} is no class of the development kit")
        pairs = [(file, i) for i, path in enumerate(folders) for file in sorted(path.glob("*.JPEG"))]
        files, labels = [file for file, _ in pairs], [i for _, i in pairs]
    elif split == "val" and devkit is not None:
        synsets = sorted(words)
        files, numbers = _validation_images(place, Path(devkit), kit)
        labels = [synsets.index(kit[number][0]) for number in numbers]
    else:
        wanted = "folders such as n01440764" + (", and no devkit is given" if split == "val" else "")
        raise FileNotFoundError(f"{place}: has no {wanted}")
    if not files:
        raise FileNotFoundError(f"{place}: has no .JPEG files")
    names = tuple(words.get(synset, synset) for synset in synsets)
    return LabelledPhotographs(tuple(files), np.array(labels, np.int64), tuple(synsets), names)


def _read_kit(devkit: Path) -> dict[int, tuple[str, str]]:
    """By the kit's own number of each class: its name in WordNet, and what it is called."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    file = devkit / "data" / "meta.mat"
    content = io.BytesIO(file.read_bytes())
    try:
        rows = np.atleast_1d(loadmat(content, squeeze_me=True)["synsets"])
        kit = {
            int(row["ILSVRC2012_ID"]): (str(row["WNID"]), str(row["words"]))
            for row in rows
            if row["num_children"] == 0  # the others are groups of classes
        }
    # SciPy fails in all these ways on files that are cut off or not its own
    except (ValueError, TypeError, KeyError, IndexError, OSError, EOFError, NotImplementedError, MatReadError,
            zlib.error) as fault:  # fmt: skip
        raise ValueError(f"{file}: cannot be read as the list of classes: {fault!r}") from fault
    strange = [synset for synset, _ in kit.values() if not SYNSET.fullmatch(synset)]
    if strange or not kit:
        raise ValueError(f"{file}: has {strange[0] if strange else 'no class'}, expected n01440764 and so on")
    return kit


def _validation_images(
    place: Path, devkit: Path, kit: dict[int, tuple[str, str]]
) -> tuple[list[Path], list[int]]:
    """The images in order, and the kit's number of each one's class."""
    file = devkit / "data" / "ILSVRC2012_validation_ground_truth.txt"
    lines = read_lines(file)
    wrong = [(i, line) for i, line in enumerate(lines, 1) if not line.isdecimal() or int(line) not in kit]
    if wrong:
        raise ValueError(f"{file}: line {wrong[0][0]} is {wrong[0][1]!r}, expected the number of a class")
    images = sorted(path for path in place.iterdir() if VALIDATION_FILE.fullmatch(path.name))
    expected = [f"ILSVRC2012_val_{i:08}.JPEG" for i in range(1, len(lines) + 1)]
    if [path.name for path in images] != expected:
        missing = sorted(set(expected) - {path.name for path in images})
        raise ValueError(
            f"{place}: has {len(images)} images, expected {len(lines)}, one a line of {file}"
            + (f"; {missing[0]} is missing" if missing else "")
        )
    return images, [int(line) for line in lines]
