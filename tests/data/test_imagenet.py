"""ImageNet's official layout, on a tiny tree with a development kit of three classes."""

import numpy as np
import pytest
import scipy.io
from PIL import Image

from course_pkg.data.imagenet import imagenet

# the kit's numbers do not follow the names; 4 is a group of classes
KIT = [(1, "n02119789", "kit fox, Vulpes macrotis", 0), (2, "n01440764", "tench, Tinca tinca", 0),
       (3, "n09193705", "alp", 0), (4, "n00001740", "entity", 2)]  # fmt: skip
FIELDS = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O")]


def photo(file, level):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 10), (level, 0, 0)).save(file, format="JPEG")


def write_kit(root, rows=KIT, truth="3\n1\n2\n1\n"):
    (root / "data").mkdir(parents=True, exist_ok=True)
    synsets = np.array([(float(a), b, c, float(d)) for a, b, c, d in rows], dtype=FIELDS)
    scipy.io.savemat(root / "data/meta.mat", {"synsets": synsets[:, None]})
    (root / "data/ILSVRC2012_validation_ground_truth.txt").write_text(truth)
    return root


@pytest.fixture
def tree(tmp_path):
    for level, name in ((50, "n02119789"), (100, "n01440764"), (150, "n09193705")):
        for i in range(2):
            photo(tmp_path / f"train/{name}/{name}_{i}.JPEG", level + i)
    for i in range(1, 5):
        photo(tmp_path / f"val/ILSVRC2012_val_{i:08}.JPEG", 10 * i)
    return tmp_path


@pytest.fixture
def kit(tmp_path):
    return write_kit(tmp_path / "ILSVRC2012_devkit_t12")


def test_train(tree, kit):
    for devkit, first in ((None, "n01440764"), (kit, "tench, Tinca tinca")):
        data = imagenet(tree, "train", devkit)
        assert len(data) == 6
        assert data.synsets == ("n01440764", "n02119789", "n09193705")
        assert data.names[0] == first
        assert data.labels.tolist() == [0, 0, 1, 1, 2, 2]
        image, label = data[3]
        assert label == 1
        assert image.shape == (3, 10, 20)
        assert image.dtype == np.float32
        assert image[0, 5, 5] * 255 == pytest.approx(51, abs=3)


def test_validation_as_it_is_distributed(tree, kit):
    data = imagenet(str(tree), "val", str(kit))
    assert data.names == ("tench, Tinca tinca", "kit fox, Vulpes macrotis", "alp")
    assert data.labels.tolist() == [2, 1, 0, 1]  # 3, 1, 2, 1 in the kit's numbers
    assert [file.name[-6:] for file in data.files] == ["1.JPEG", "2.JPEG", "3.JPEG", "4.JPEG"]
    assert data[2][0][0, 0, 0] * 255 == pytest.approx(30, abs=3)


def test_validation_in_folders(tmp_path):
    photo(tmp_path / "val/n02119789/ILSVRC2012_val_00000002.JPEG", 1)
    photo(tmp_path / "val/n01440764/ILSVRC2012_val_00000001.JPEG", 1)
    assert imagenet(tmp_path, "val").labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ("3\n1\n2\n", "has 4 images, expected 3"),
        ("3\n1\n2\n1\n1\n", r"has 4 images, expected 5, .*; ILSVRC2012_val_00000005.JPEG is missing"),
        ("3\n4\n2\n1\n", "ground_truth.txt: line 2 is '4', expected the number of a class"),
        ("3\nx\n2\n1\n", "ground_truth.txt: line 2 is 'x'"),
        ("", "has 4 images, expected 0"),
    ],
)
def test_labels_that_do_not_fit(tree, kit, truth, message):
    write_kit(kit, truth=truth)
    with pytest.raises(ValueError, match=message):
        imagenet(tree, "val", kit)


@pytest.mark.parametrize("content", ["half", b"", b"no mat file", b"<html>" * 100])
def test_a_damaged_list_of_classes_is_named(tree, kit, content):
    file = kit / "data/meta.mat"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if content == "half" else content)
    with pytest.raises(ValueError, match=r"meta.mat: cannot be read as the list of classes"):
        imagenet(tree, "val", kit)


def test_other_lists_are_named(tree, kit):
    write_kit(kit, rows=[(1, "fox", "fox", 0)])
    with pytest.raises(ValueError, match=r"meta.mat: has fox, expected n01440764 and so on"):
        imagenet(tree, "val", kit)
    write_kit(kit, rows=KIT[:2] + KIT[3:])
    with pytest.raises(ValueError, match="n09193705 is no class of the development kit"):
        imagenet(tree, "train", kit)
    scipy.io.savemat(kit / "data/meta.mat", {"other": 1})
    with pytest.raises(ValueError, match=r"meta.mat: cannot be read"):
        imagenet(tree, "val", kit)


def test_a_damaged_photograph_is_named(tree):
    data = imagenet(tree)
    data.files[0].write_bytes(data.files[0].read_bytes()[:100])
    with pytest.raises(ValueError, match=r"n01440764_0.JPEG: cannot be read as a picture"):
        data[0]


def test_what_is_missing_is_named(tree, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(FileNotFoundError, match="has no folder train"):
        imagenet(empty)
    with pytest.raises(FileNotFoundError, match="has no folders such as n01440764, and no devkit is given"):
        imagenet(tree, "val")
    with pytest.raises(FileNotFoundError, match=r"meta.mat"):
        imagenet(tree, "val", empty)
    (empty / "train/n01440764").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"train: has no .JPEG files"):
        imagenet(empty)
    with pytest.raises(ValueError, match="split: got 'test', expected one of 'train', 'val'"):
        imagenet(tree, "test")
