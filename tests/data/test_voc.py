"""PASCAL VOC, on a tiny tree in the layout of VOC 2012."""

import numpy as np
import pytest
from PIL import Image

from course_pkg.data.voc import CLASSES, read_objects, voc_detection, voc_segmentation

BOX = "<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>"


def obj(name, box, extra="", part=""):
    return (
        f"<object><name>{name}</name><pose>Left</pose>{extra}"
        f"<truncated>1</truncated><difficult>0</difficult>{BOX.format(*box)}{part}</object>"
    )


def annotation(objects, size=(50, 40)):
    return (
        "<annotation><folder>VOC2012</folder><filename>2007_000027.jpg</filename>"
        f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
        f"<segmented>1</segmented>{''.join(objects)}</annotation>"
    )


PERSON = obj("person", (5, 7, 20, 30), part=f"<part><name>head</name>{BOX.format(1, 1, 2, 2)}</part>")
SHEEP = (
    obj("sheep", (1, 1, 50, 40))
    .replace("<difficult>0", "<difficult>1")
    .replace("<truncated>1", "<truncated>0")
)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "VOCdevkit" / "VOC2012"
    for folder in ("Annotations", "JPEGImages", "SegmentationClass", "SegmentationObject", "ImageSets/Main",
                   "ImageSets/Segmentation"):  # fmt: skip
        (root / folder).mkdir(parents=True)
    picture = np.zeros((40, 50, 3), np.uint8)
    picture[:, :25] = (250, 10, 10)
    mask = np.zeros((40, 50), np.uint8)
    mask[10:20, 10:20] = 15
    mask[10, 10:20] = 255
    for name in ("2007_000027", "2007_000032"):
        (root / "Annotations" / f"{name}.xml").write_text(annotation([PERSON, SHEEP]))
        Image.fromarray(picture).save(root / "JPEGImages" / f"{name}.jpg", quality=95)
        for kind, numbers in (("Class", mask), ("Object", np.where(mask == 15, 1, mask).astype(np.uint8))):
            indexed = Image.fromarray(numbers)
            indexed.putpalette(np.random.default_rng(0).integers(0, 256, 768, dtype=np.uint8).tobytes())
            indexed.save(root / f"Segmentation{kind}" / f"{name}.png")
    (root / "ImageSets/Main/train.txt").write_text("2007_000027\n2007_000032\n")
    (root / "ImageSets/Main/person_val.txt").write_text("2007_000032  1\n")
    (root / "ImageSets/Segmentation/train.txt").write_text("2007_000032\n")
    return tmp_path


def test_detection(tree):
    data = voc_detection(tree)
    assert len(data) == 2
    name, image, objects = data[0]
    assert name == "2007_000027"
    assert image.shape == (3, 40, 50)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[:, 20, 5], np.array([250, 10, 10]) / 255, atol=0.02)
    assert objects.boxes.tolist() == [[4, 6, 20, 30], [0, 0, 50, 40]]
    assert [CLASSES[i] for i in objects.labels] == ["person", "sheep"]
    assert objects.difficult.tolist() == [False, True]
    assert objects.truncated.tolist() == [True, False]
    assert data[-1].name == "2007_000032"


@pytest.mark.parametrize("below", [".", "VOCdevkit", "VOCdevkit/VOC2012"])
def test_the_release_is_found(tree, below):
    assert len(voc_detection(tree / below, "train")) == 2
    assert voc_detection(str(tree / below), "person_val").names == ("2007_000032",)


def test_segmentation(tree):
    data = voc_segmentation(tree)
    assert len(data) == 1
    example = data[0]
    assert example.image.shape == (3, 40, 50)
    assert np.unique(example.mask).tolist() == [0, 15, 255]
    assert (example.mask[11:20, 10:20] == 15).all()
    assert (example.mask[10, 10:20] == 255).all()
    assert np.unique(example.instances).tolist() == [0, 1, 255]


def test_no_objects_and_no_marks(tmp_path):
    (tmp_path / "a.xml").write_text(annotation([]))
    empty = read_objects(tmp_path / "a.xml", CLASSES)
    assert (empty.boxes.shape, empty.labels.shape, empty.size) == ((0, 4), (0,), (40, 50))
    (tmp_path / "b.xml").write_text(
        annotation([f"<object><name>cat</name>{BOX.format(1, 2.5, 3, 4)}</object>"])
    )
    bare = read_objects(tmp_path / "b.xml", CLASSES)
    assert bare.boxes.tolist() == [[0, 1.5, 3, 4]]
    assert not bare.difficult[0]


BOMB = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>' + annotation([obj("&c;", (1, 1, 2, 2))])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "2007_000027.xml: no element found"),
        (annotation([PERSON])[:-30], r"2007_000027.xml: (unclosed token|no element found)"),
        ("<html></html>", r"2007_000027.xml: <html> has no size/height"),
        (
            annotation([obj("unicorn", (1, 1, 2, 2))]),
            r"has an object of class 'unicorn', expected one of aero",
        ),
        (annotation(["<object><name>cat</name></object>"]), "<object> has no bndbox/xmin"),
        (
            annotation([obj("cat", (0, 1, 2, 2))]),
            r"has a box \(0.0, 1.0, 2.0, 2.0\) that is not within 1 … 50",
        ),
        (annotation([obj("cat", (5, 1, 4, 2))]), "has a box"),
        (annotation([obj("cat", (1, 1, 2, 41))]), "has a box"),
        (annotation([obj("cat", ("nan", 1, 2, 4))]), "has a box"),
        (annotation([obj("cat", ("x", 1, 2, 4))]), "could not convert string to float: 'x'"),
        (annotation([PERSON], size=(51, 40)), r"says \(40, 51\) is the photograph's size, it is \(40, 50\)"),
        (BOMB, "EntitiesForbidden"),
    ],
)
def test_damaged_annotations_are_named(tree, text, message):
    (tree / "VOCdevkit/VOC2012/Annotations/2007_000027.xml").write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        voc_detection(tree)[0]
    assert "2007_000027.xml" in str(caught.value)


def test_damaged_pictures_are_named(tree):
    root = tree / "VOCdevkit/VOC2012"
    jpeg = root / "JPEGImages/2007_000032.jpg"
    whole = jpeg.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"<html>"):
        jpeg.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"2007_000032.jpg: cannot be read as a picture"):
            voc_detection(tree)[1]
    jpeg.unlink()
    with pytest.raises(FileNotFoundError, match=r"2007_000032.jpg"):
        voc_segmentation(tree)[0]


def test_damaged_masks_are_named(tree):
    root = tree / "VOCdevkit/VOC2012"
    mask = root / "SegmentationClass/2007_000032.png"
    whole = mask.read_bytes()
    mask.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"2007_000032.png: cannot be read as a picture"):
        voc_segmentation(tree)[0]
    Image.new("RGB", (50, 40)).save(mask)
    with pytest.raises(ValueError, match=r"its pixels are of mode RGB, expected a palette"):
        voc_segmentation(tree)[0]
    Image.new("L", (50, 41)).save(mask)
    with pytest.raises(ValueError, match=r"has size \(41, 50\), its photograph has \(40, 50\)"):
        voc_segmentation(tree)[0]
    Image.new("L", (50, 40), 21).save(mask)
    with pytest.raises(ValueError, match=r"2007_000032.png: has class 21"):
        voc_segmentation(tree)[0]


def test_what_is_missing_is_named(tree, tmp_path_factory):
    with pytest.raises(FileNotFoundError, match=r"has no release of PASCAL VOC, no folder Annotations"):
        voc_detection(tmp_path_factory.mktemp("empty"))
    with pytest.raises(FileNotFoundError, match=r"ImageSets/Main/val.txt"):
        voc_detection(tree, "val")
    (tree / "VOCdevkit/VOC2007/Annotations").mkdir(parents=True)
    with pytest.raises(ValueError, match="has 2 releases, expected the folder of one"):
        voc_detection(tree)
    with pytest.raises(IndexError):
        voc_segmentation(tree)[1]
    with pytest.raises(TypeError, match="index: got float"):
        voc_segmentation(tree)[0.0]
