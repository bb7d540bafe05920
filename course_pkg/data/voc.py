"""PASCAL VOC in its official layout: photographs with boxes, and with a class for every pixel."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from course_pkg._validate import integer
from course_pkg.data.files import read_indices, read_lines, read_photograph

CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
VOID = 255


class Objects(NamedTuple):
    """What is in a photograph: M objects."""

    boxes: np.ndarray
    """(x0, y0, x1, y1) in pixels from the photograph's left and top edge, float32, (M, 4).

    In the file the first pixel has number 1 and the last of a box is inside: its 1 … 10 is 0 … 10 here.
    """
    labels: np.ndarray
    """Their classes, int64, (M,)."""
    difficult: np.ndarray
    """Which of them need not be found, bool, (M,)."""
    truncated: np.ndarray
    """Which of them go on outside the box, bool, (M,)."""
    size: tuple[int, int]
    """Height and width of the photograph."""


class DetectionExample(NamedTuple):
    """A photograph and its boxes."""

    name: str
    """Its file's name without ending, for example "2007_000027"."""
    image: np.ndarray
    """Red, green and blue, 0 … 1, float32, (3, H, W)."""
    objects: Objects
    """What is in it."""


class SegmentationExample(NamedTuple):
    """A photograph and the class of each pixel."""

    name: str
    """Its file's name without ending."""
    image: np.ndarray
    """Red, green and blue, 0 … 1, float32, (3, H, W)."""
    mask: np.ndarray
    """0 for background, 1 … 20 for 1 + the class, 255 for outlines, which do not count; uint8, (H, W)."""
    instances: np.ndarray
    """0 for background, 1, 2, … for the objects, 255 for outlines, uint8, (H, W)."""


Example = TypeVar("Example")


@dataclass(frozen=True)
class Examples(Generic[Example]):
    """A sequence of photographs and what is known of them, read when they are asked for."""

    names: tuple[str, ...]
    """Names of the photographs."""
    read: Callable[[str], Example]
    """Reads the one of a name."""

    def __len__(self) -> int:
        """Number of photographs."""
        return len(self.names)

    def __getitem__(self, index: int) -> Example:
        """Photograph number `index`; errors name the file at fault."""
        return self.read(self.names[integer("index", index)])


def voc_detection(folder: str | Path, split: str = "train") -> Examples[DetectionExample]:
    """The photographs with boxes of a PASCAL VOC release that was unpacked.

    Parameters
    ----------
    folder
        The release's own folder, such as `VOCdevkit/VOC2012`, or a folder in which it is the only one.
    split
        Name of a list in `ImageSets/Main`: "train", "val", "trainval" or, in VOC 2007, "test".

    Returns
    -------
    Examples of DetectionExample
        A sequence; photographs and annotations are read when they are asked for.

    Raises
    ------
    FileNotFoundError
        If the release, the list or, later, a file of a photograph is not there.
    ValueError
        If there are several releases, or, later, a file is cut off or not what it should be.

    Notes
    -----
    Source: M. Everingham, L. Van Gool, C. Williams, J. Winn and A. Zisserman, "The PASCAL visual object
    classes (VOC) challenge" (2010).
    """
    release = release_folder(Path(folder), "Annotations")
    names = _names(release / "ImageSets" / "Main" / f"{split}.txt")
    return Examples(names, functools.partial(_detection, release))


def voc_segmentation(folder: str | Path, split: str = "train") -> Examples[SegmentationExample]:
    """The photographs of a PASCAL VOC release in which each pixel has a class; see `voc_detection`.

    Parameters
    ----------
    folder
        The release's own folder, such as `VOCdevkit/VOC2012`, or a folder in which it is the only one.
    split
        Name of a list in `ImageSets/Segmentation`: "train", "val" or "trainval".

    Returns
    -------
    Examples of SegmentationExample

    Raises
    ------
    FileNotFoundError, ValueError
        As `voc_detection`.
    """
    release = release_folder(Path(folder), "SegmentationClass")
    names = _names(release / "ImageSets" / "Segmentation" / f"{split}.txt")
    return Examples(names, functools.partial(_segmentation, release))


def read_objects(file: str | Path, classes: Sequence[str]) -> Objects:
    """The objects in an annotation file of PASCAL VOC, or in the same format.

    Parameters
    ----------
    file
        The XML file.
    classes
        Names of the classes; labels are places in it.

    Returns
    -------
    Objects

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such annotation, has another class, or a box that is empty or not within the photograph.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.xml"
    ...     _ = file.write_text(
    ...         "<annotation><size><width>50</width><height>40</height></size>"
    ...         "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>11</ymin>"
    ...         "<xmax>50</xmax><ymax>20</ymax></bndbox></object></annotation>"
    ...     )
    ...     read_objects(file, ["cat"]).boxes.tolist()
    [[0.0, 10.0, 50.0, 20.0]]
    """
    file = Path(file)
    try:
        root = parse(file).getroot()
        height, width = (int(_text(root, f"size/{side}")) for side in ("height", "width"))
        found = [_read_object(element, classes, height, width) for element in root.findall("object")]
    except (ParseError, DefusedXmlException, ValueError) as fault:
        raise ValueError(f"{file}: {fault}") from fault
    boxes, labels, difficult, truncated = zip(*found, strict=True) if found else ((), (), (), ())
    return Objects(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        np.array(difficult, bool),
        np.array(truncated, bool),
        (height, width),
    )


def _read_object(
    element: Element, classes: Sequence[str], height: int, width: int
) -> tuple[list[float], int, bool, bool]:
    name = _text(element, "name")
    if name not in classes:
        raise ValueError(f"has an object of class {name!r}, expected one of {', '.join(classes)}")
    x0, y0, x1, y1 = (float(_text(element, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax"))
    if not (0 < x0 <= x1 <= width and 0 < y0 <= y1 <= height):
        raise ValueError(f"has a box {x0, y0, x1, y1} that is not within 1 … {width} and 1 … {height}")
    difficult, truncated = (
        (element.findtext(mark) or "0").strip() == "1" for mark in ("difficult", "truncated")
    )
    return [x0 - 1, y0 - 1, x1, y1], classes.index(name), difficult, truncated


def _text(element: Element, place: str) -> str:
    text = element.findtext(place)
    if text is None:
        raise ValueError(f"<{element.tag}> has no {place}")
    return text.strip()


def _detection(folder: Path, name: str) -> DetectionExample:
    file = folder / "Annotations" / f"{name}.xml"
    objects = read_objects(file, CLASSES)
    image = _photograph(folder, name)
    if objects.size != image.shape[1:]:
        raise ValueError(f"{file}: says {objects.size} is the photograph's size, it is {image.shape[1:]}")
    return DetectionExample(name, image, objects)


def _segmentation(folder: Path, name: str) -> SegmentationExample:
    image = _photograph(folder, name)
    masks = []
    for kind in ("SegmentationClass", "SegmentationObject"):
        file = folder / kind / f"{name}.png"
        mask = read_indices(file)
        if mask.shape != image.shape[1:]:
            raise ValueError(f"{file}: has size {mask.shape}, its photograph has {image.shape[1:]}")
        masks.append(mask)
    strange = np.setdiff1d(masks[0], [*range(len(CLASSES) + 1), VOID])
    if strange.size:
        raise ValueError(f"{folder / 'SegmentationClass' / name}.png: has class {strange[0]}")
    return SegmentationExample(name, image, *masks)


def _photograph(folder: Path, name: str) -> np.ndarray:
    return read_photograph(folder / "JPEGImages" / f"{name}.jpg") / np.float32(255)


def _names(file: Path) -> tuple[str, ...]:
    return tuple(line.split()[0] for line in read_lines(file))


def release_folder(folder: Path, needed: str) -> Path:
    """The folder of the only release that is this folder or in it, such as `VOCdevkit/VOC2012`.

    Parameters
    ----------
    folder
        The release's own folder or one around it.
    needed
        What it must have in it: "Annotations" or "SegmentationClass".

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If there are several.
    """
    places = [folder, *sorted(folder.glob("VOC20??")), *sorted(folder.glob("VOCdevkit/VOC20??"))]
    found = [place for place in places if (place / needed).is_dir()]
    if not found:
        raise FileNotFoundError(f"{folder}: has no release of PASCAL VOC, no folder {needed}")
    if len(found) > 1:
        raise ValueError(
            f"{folder}: has {len(found)} releases, expected the folder of one, such as {found[0]}"
        )
    return found[0]
