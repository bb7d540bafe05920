"""Readers of official files, tried on small ones written here in the same layout, whole and damaged."""

import gzip
import json
import os
import pickle
import struct

import numpy as np
import pytest
from PIL import Image

from course_pkg.data import image_sets, registry
from course_pkg.data.image_sets import cifar10, fashion_mnist, mnist, read_idx
from course_pkg.data.unpickle import load_arrays

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (21, 3, 32, 32), dtype=np.uint8)
LABELS = rng.integers(0, 10, 21).tolist()


def short_string(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode()


def python2_pickle(entries: dict[str, object]) -> bytes:
    """Protocol 2 as Python 2 wrote the official batches: keys and raw array data are short byte strings."""

    def value(item: object) -> bytes:
        match item:
            case str():
                return short_string(item)
            case int():
                return b"K" + bytes([item])
            case list():
                return b"]" + b"(" + b"".join(map(value, item)) + b"e"
            case np.ndarray():
                shape = b"".join(b"M" + struct.pack("<H", n) for n in item.shape)
                dtype = b"cnumpy\ndtype\n" + short_string("u1") + b"K\x00K\x01\x87R"
                dtype += b"(K\x03" + short_string("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
                raw = b"T" + struct.pack("<i", item.nbytes) + item.tobytes()
                empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
                return empty + b"(K\x01(" + shape + b"t" + dtype + b"\x89" + raw + b"tb"
        raise TypeError(item)

    pairs = b"".join(short_string(key) + value(item) for key, item in entries.items())
    return b"\x80\x02}(" + pairs + b"u."


@pytest.fixture
def cifar(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "batches.meta").write_bytes(python2_pickle({"num_cases_per_batch": 4, "label_names": NAMES}))
    files = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    for i, name in enumerate(files):
        part = slice(3 * i, 3 * i + 3)
        entries = {"batch_label": name, "labels": LABELS[part], "data": IMAGES[part].reshape(3, 3072)}
        (folder / name).write_bytes(python2_pickle(entries))
    return tmp_path


def test_cifar10_s_official_files(cifar):
    for folder in (cifar, str(cifar / "cifar-10-batches-py")):
        data = cifar10(folder)
        np.testing.assert_array_equal(data.x_train, IMAGES[:15])
        np.testing.assert_array_equal(data.x_test, IMAGES[15:18])
        assert data.y_train.tolist() == LABELS[:15]
        assert data.y_test.tolist() == LABELS[15:18]
        assert data.classes == tuple(NAMES)
        assert data.y_train.dtype == np.int64


def test_cifar10_as_it_is_fetched(tmp_path, monkeypatch):
    def picture(images, name):
        Image.fromarray(images.transpose(0, 2, 3, 1).reshape(-1, 1024, 3)).save(tmp_path / name)

    for i in range(5):
        picture(IMAGES[3 * i : 3 * i + 3], f"data_batch_{i + 1}.png")
    picture(IMAGES[15:18], "test_batch.png")
    (tmp_path / "train_lables.json").write_text(json.dumps(LABELS[:15]))
    (tmp_path / "test_lables.json").write_text(json.dumps(LABELS[15:18]))
    monkeypatch.setattr(registry, "path", lambda name: {"cifar10": tmp_path}[name])
    data = cifar10()
    np.testing.assert_array_equal(data.x_train, IMAGES[:15])
    np.testing.assert_array_equal(data.x_test, IMAGES[15:18])
    assert data.y_train.tolist() == LABELS[:15]
    (tmp_path / "test_lables.json").write_text(json.dumps(LABELS[15:17]))
    with pytest.raises(ValueError, match=r"test_lables.json: has 2 labels, expected 3"):
        cifar10()


def harm(file, change):
    file.write_bytes(change(file.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("data_batch_3", lambda b: b[:-900], "data_batch_3: cannot be read as a pickle of arrays"),
        ("data_batch_3", lambda b: b[:40], "data_batch_3: cannot be read as a pickle of arrays"),
        ("test_batch", lambda b: b"", "test_batch: cannot be read as a pickle of arrays"),
        ("test_batch", lambda b: b"<html>", "test_batch: cannot be read as a pickle of arrays"),
        ("test_batch", lambda b: pickle.dumps([1]), "test_batch: has no ndarray 'data'"),
        ("batches.meta", lambda b: python2_pickle({"data": "x"}), "batches.meta: has no list 'label_names'"),
        (
            "data_batch_1",
            lambda b: python2_pickle({"data": np.zeros((3, 3071), np.uint8), "labels": [1, 2, 3]}),
            r"data_batch_1: data has shape \(3, 3071\) and uint8",
        ),
        (
            "data_batch_1",
            lambda b: python2_pickle({"data": np.zeros((3, 3072), np.uint8), "labels": [1, 2]}),
            "data_batch_1: has 2 labels, expected 3",
        ),
        (
            "data_batch_1",
            lambda b: python2_pickle({"data": np.zeros((2, 3072), np.uint8), "labels": [1, 10]}),
            "data_batch_1: has labels other than the whole numbers 0 to 9",
        ),
    ],
)
def test_damaged_batches_are_named(cifar, name, change, message):
    harm(cifar / "cifar-10-batches-py" / name, change)
    with pytest.raises(ValueError, match=message):
        cifar10(cifar)


def test_a_missing_batch_is_named(cifar):
    (cifar / "cifar-10-batches-py" / "data_batch_4").unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_4"):
        cifar10(cifar)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_arrays_of_any_protocol_are_read(tmp_path, protocol):
    content = {"w": [np.arange(6.0).reshape(2, 3), np.ones(2, ">i2")], "name": "a", "n": (1, 2.5, None, True)}
    file = tmp_path / "a.pkl"
    file.write_bytes(pickle.dumps(content, protocol=protocol))
    read = load_arrays(file)
    np.testing.assert_array_equal(read["w"][0], content["w"][0])
    np.testing.assert_array_equal(read["w"][1], content["w"][1])
    assert (read["name"], read["n"]) == (content["name"], content["n"])


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


CALLS = [(os.system, "touch ran"), (eval, "open('ran', 'w')"), (open, "ran", "w"), (np.save, "ran", 1)]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_runs_nothing(tmp_path, monkeypatch, call, protocol):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "evil.pkl"
    file.write_bytes(pickle.dumps({"data": Evil(*call)}, protocol=protocol))
    with pytest.raises(ValueError, match=r"evil.pkl: cannot be read as a pickle of arrays: it asks for"):
        load_arrays(file)
    assert [f.name for f in tmp_path.iterdir()] == ["evil.pkl"]


def idx(array: np.ndarray, code: int = 8) -> bytes:
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


DIGITS = rng.integers(0, 256, (7, 28, 28), dtype=np.uint8)
DIGIT_LABELS = np.array([5, 0, 4, 1, 9, 2, 1], np.uint8)


@pytest.fixture(params=["plain", "gzip"])
def idx_folder(tmp_path, request):
    for part, few in (("train", slice(0, 5)), ("t10k", slice(5, 7))):
        files = {"images-idx3": DIGITS[few], "labels-idx1": DIGIT_LABELS[few]}
        for kind, array in files.items():
            file = tmp_path / f"{part}-{kind}-ubyte"
            if request.param == "plain":
                file.write_bytes(idx(array))
            else:
                file.with_name(file.name + ".gz").write_bytes(gzip.compress(idx(array)))
    return tmp_path


@pytest.mark.parametrize("read", [mnist, fashion_mnist])
def test_mnist_s_official_files(idx_folder, read):
    data = read(idx_folder)
    np.testing.assert_array_equal(data.x_train, DIGITS[:5, None])
    np.testing.assert_array_equal(data.x_test, DIGITS[5:, None])
    assert data.y_train.tolist() == [5, 0, 4, 1, 9]
    assert data.y_test.tolist() == [2, 1]
    assert len(data.classes) == 10


def test_a_missing_idx_file_is_named(idx_folder):
    next(idx_folder.glob("t10k-labels*")).unlink()
    with pytest.raises(FileNotFoundError, match="has neither t10k-labels-idx1-ubyte nor"):
        mnist(idx_folder)


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]
)
def test_idx_of_every_type(tmp_path, code, dtype):
    array = np.arange(-3, 3).astype(dtype).reshape(2, 1, 3)
    (tmp_path / "a").write_bytes(idx(array, code))
    read = read_idx(tmp_path / "a")
    np.testing.assert_array_equal(read, array)
    assert read.dtype.isnative


GOOD = idx(DIGITS[:2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a: starts with nothing, expected IDX"),
        (b"PK\3\4", "a: starts with 50 4b 03 04, expected IDX"),
        (bytes([0, 0, 7, 1]), "a: starts with 00 00 07 01, expected IDX"),
        (GOOD[:10], "a: is cut off after 10 bytes, within its header of 16"),
        (GOOD[:-1], r"a: has 1583 bytes, expected 1584 for an array of shape \(2, 28, 28\)"),
        (GOOD + b"\0", "a: has 1585 bytes, expected 1584"),
        (gzip.compress(GOOD, mtime=0)[:-20], "a: the gzip data is cut off or damaged"),
        (gzip.compress(GOOD, mtime=0)[:20] + b"xxxxxx", "a: the gzip data is cut off or damaged"),
    ],
)
def test_damaged_idx_files_are_named(tmp_path, content, message):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / "a")


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (DIGITS, DIGIT_LABELS[:3], "train-labels-idx1-ubyte: has 3 labels, expected 7"),
        (DIGITS, DIGIT_LABELS + 2, "train-labels-idx1-ubyte: has labels other than the whole numbers 0 to 9"),
        (DIGIT_LABELS, DIGIT_LABELS, r"train-images-idx3-ubyte: has shape \(7,\) and uint8, expected images"),
    ],
)
def test_files_that_do_not_belong_together(tmp_path, images, labels, message):
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(ValueError, match=message):
        mnist(tmp_path)


FETCHED = {
    "cifar10": image_sets.cifar10,
    "mnist": image_sets.mnist,
    "fashion_mnist": image_sets.fashion_mnist,
}


@pytest.mark.parametrize("name", FETCHED)
def test_the_sets_themselves_where_they_were_fetched(name):
    if not registry.available(name):
        pytest.skip(f"{name} was not fetched")
    data = FETCHED[name]()
    assert len(data.y_train) == (50_000 if name == "cifar10" else 60_000)
    assert len(data.y_test) == 10_000
    if name == "cifar10":
        means = data.x_train.mean(axis=(0, 2, 3)) / 255
        np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=5e-5)
