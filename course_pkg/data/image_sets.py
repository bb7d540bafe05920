"""Sets of small labelled images that fit in memory: CIFAR-10, MNIST and Fashion-MNIST, complete."""

import gzip
import json
import math
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from course_pkg.data import registry
from course_pkg.data.files import read_photograph
from course_pkg.data.unpickle import load_arrays

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
FASHION_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
DIGIT_CLASSES = tuple("0123456789")
T = TypeVar("T")
IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


class ImageSet(NamedTuple):
    """Images as they are stored, 0 … 255, and their classes: a part to train on and one to test on."""

    x_train: np.ndarray
    """Images to train on, uint8, (examples, channels, height, width)."""
    y_train: np.ndarray
    """Their classes, 0, 1, …, int64, (examples,)."""
    x_test: np.ndarray
    """Images to test on, uint8, (examples, channels, height, width)."""
    y_test: np.ndarray
    """Their classes, int64, (examples,)."""
    classes: tuple[str, ...]
    """Names of the classes."""


def cifar10(folder: str | Path | None = None) -> ImageSet:
    """CIFAR-10: 60,000 colour photographs of 32 × 32 pixels, 6,000 of each of ten classes.

    Parameters
    ----------
    folder
        Where the official "CIFAR-10 python version" was unpacked, `cifar-10-batches-py` or the folder around
        it. Without it the set that `python -m course_pkg data fetch cifar10` fetched, with the same images in
        the same order.

    Returns
    -------
    ImageSet
        50,000 images to train on, 10,000 to test on, (3, 32, 32).

    Raises
    ------
    FileNotFoundError
        If a file of the official layout is missing.
    ValueError
        If a file is cut off or not what it should be; the message names it.
    DataUnavailable
        If no folder is given and the set was not fetched.

    Notes
    -----
    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images" (2009).
    """
    if folder is None:
        return _cifar10_of_pngs(registry.path("cifar10"))
    inside = Path(folder) / "cifar-10-batches-py"
    folder = inside if inside.is_dir() else Path(folder)
    names = _field(folder / "batches.meta", b"label_names", list)
    x_train, y_train = zip(*(_cifar10_batch(folder / f"data_batch_{i}") for i in range(1, 6)), strict=True)
    x_test, y_test = _cifar10_batch(folder / "test_batch")
    classes = tuple(name.decode() for name in names)
    return ImageSet(np.concatenate(x_train), np.concatenate(y_train), x_test, y_test, classes)


def mnist(folder: str | Path | None = None) -> ImageSet:
    """MNIST: 70,000 handwritten digits of 28 × 28 pixels, 0 (paper) … 255 (ink).

    Parameters
    ----------
    folder
        Where its four official files lie: `train-images-idx3-ubyte` and so on, perhaps with `.gz`. Without it
        the set that `python -m course_pkg data fetch mnist` fetched.

    Returns
    -------
    ImageSet
        60,000 images to train on, 10,000 to test on, (1, 28, 28).

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is cut off or not what it should be; the message names it.
    DataUnavailable
        If no folder is given and the set was not fetched.

    Notes
    -----
    Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
    recognition" (1998).
    """
    return _four_files(registry.path("mnist") if folder is None else Path(folder), DIGIT_CLASSES)


def fashion_mnist(folder: str | Path | None = None) -> ImageSet:
    """Fashion-MNIST: 70,000 pictures of clothes in ten classes, stored as MNIST is; see `mnist`.

    Notes
    -----
    Source: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
    learning algorithms" (2017).
    """
    return _four_files(registry.path("fashion_mnist") if folder is None else Path(folder), FASHION_CLASSES)


def read_idx(file: str | Path) -> np.ndarray:
    """An array in the IDX format of MNIST, perhaps compressed by gzip.

    Parameters
    ----------
    file
        Two bytes 0, one for the type, one for the number of axes; their lengths as 4-byte integers; then the
        values. All big-endian.

    Returns
    -------
    ndarray
        Of the file's type and shape.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is cut off, too long, or not in this format.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "labels-idx1-ubyte"
    ...     _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(file)
    array([7, 2, 1], dtype=uint8)
    """
    file = Path(file)
    content = file.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, gzip.zlib.error) as fault:  # type: ignore[attr-defined]
            raise ValueError(f"{file}: the gzip data is cut off or damaged: {fault}") from fault
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise ValueError(
            f"{file}: starts with {content[:4].hex(' ') or 'nothing'}, expected IDX, 00 00 type axes"
        )
    dtype, axes = np.dtype(IDX_TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(f"{file}: is cut off after {len(content)} bytes, within its header of {start}")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, offset=4))
    expected = start + dtype.itemsize * math.prod(shape)
    if len(content) != expected:
        raise ValueError(
            f"{file}: has {len(content)} bytes, expected {expected} for an array of shape {shape}"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def _four_files(folder: Path, classes: tuple[str, ...]) -> ImageSet:
    parts: list[np.ndarray] = []
    for part in ("train", "t10k"):
        files = [_idx_file(folder, f"{part}-{kind}") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
        x, y = (read_idx(file) for file in files)
        if x.ndim != 3 or x.dtype != np.uint8:
            raise ValueError(
                f"{files[0]}: has shape {x.shape} and {x.dtype}, expected images of bytes, (N, H, W)"
            )
        _check_labels(files[1], y, len(x), len(classes))
        parts += [x[:, None], y.astype(np.int64)]
    return ImageSet(parts[0], parts[1], parts[2], parts[3], classes)


def _idx_file(folder: Path, name: str) -> Path:
    for file in (folder / name, folder / f"{name}.gz"):
        if file.is_file():
            return file
    raise FileNotFoundError(f"{folder}: has neither {name} nor {name}.gz")


def _cifar10_batch(file: Path) -> tuple[np.ndarray, np.ndarray]:
    data, labels = _field(file, b"data", np.ndarray), _field(file, b"labels", list)
    if data.ndim != 2 or data.shape[1] != 3072 or data.dtype != np.uint8:
        raise ValueError(f"{file}: data has shape {data.shape} and {data.dtype}, expected bytes, (N, 3072)")
    y = np.array(labels)
    _check_labels(file, y, len(data), len(CIFAR10_CLASSES))
    return data.reshape(-1, 3, 32, 32), y.astype(np.int64)  # red, green, blue, each 32 rows of 32


def _field(file: Path, key: bytes, kind: type[T]) -> T:
    content = load_arrays(file)
    if not isinstance(content, dict) or not isinstance(content.get(key), kind):
        raise ValueError(f"{file}: has no {kind.__name__} {key.decode()!r}, so it is no file of CIFAR-10")
    return content[key]


def _cifar10_of_pngs(folder: Path) -> ImageSet:
    def part(images: list[str], labels: str) -> tuple[np.ndarray, np.ndarray]:
        x = np.concatenate([_rows(folder / name) for name in images])
        y = np.array(json.loads((folder / labels).read_text(encoding="utf-8")))
        _check_labels(folder / labels, y, len(x), len(CIFAR10_CLASSES))
        return x, y.astype(np.int64)

    train = part([f"data_batch_{i}.png" for i in range(1, 6)], "train_lables.json")
    return ImageSet(*train, *part(["test_batch.png"], "test_lables.json"), CIFAR10_CLASSES)


def _rows(file: Path) -> np.ndarray:
    """Images of 32 × 32, each of them a row of 1,024 pixels of a PNG."""
    pixels = read_photograph(file)  # (3, N, 1024)
    return np.ascontiguousarray(pixels.reshape(3, -1, 32, 32).swapaxes(0, 1))


def _check_labels(file: Path, y: np.ndarray, examples: int, classes: int) -> None:
    if y.shape != (examples,):
        raise ValueError(f"{file}: has {y.size} labels, expected {examples}, one an image")
    if y.dtype.kind not in "iu" or (examples and not 0 <= y.min() <= y.max() < classes):
        raise ValueError(f"{file}: has labels other than the whole numbers 0 to {classes - 1}")
