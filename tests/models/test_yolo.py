import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_pkg.models import YOLO
from course_pkg.models.yolo import POOL, Conv, convolutions

# figure 3 of the paper: (maps, kernel) of the convolutions in front of each change of size, and that size
FIGURE_3 = [
    ([(64, 7)], 224),
    ([(192, 3)], 112),
    ([(128, 1), (256, 3), (256, 1), (512, 3)], 56),
    ([*4 * [(256, 1), (512, 3)], (512, 1), (1024, 3)], 28),
    ([*2 * [(512, 1), (1024, 3)], (1024, 3)], 14),
    ([(1024, 3), (1024, 3), (1024, 3)], 7),
]


def test_convolutions_of_figure_3(layers):
    with torch.device("meta"):
        net = YOLO()
    convs = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    printed = [conv for part, _ in FIGURE_3 for conv in part]
    assert [(conv.out_channels, conv.kernel_size[0]) for conv in convs] == printed
    assert len(convs) == 24
    sizes = [side for part, side in FIGURE_3 for _ in part]
    rows = [row for row in layers(YOLO) if row.kind == "Conv2d"]
    assert [row.output_shape[1] for row in rows] == sizes
    assert len([layer for layer in net.features if isinstance(layer, nn.Conv2d)]) == 20


def test_counts(layers):
    rows = layers(YOLO)
    convs = [row for row in rows if row.kind == "Conv2d"]
    assert sum(row.parameters for row in rows) == 271_703_550
    assert sum(row.parameters for row in convs) == 60_155_968
    assert round(sum(row.macs for row in convs) / 1e9, 1) == 20.1
    assert [row.parameters for row in rows[-2:]] == [50_176 * 4096 + 4096, 4096 * 1470 + 1470]
    # another implementation has batch normalisation, two numbers a map in place of the bias: 271,716,734
    assert 271_703_550 + sum(row.output_shape[0] for row in convs) == 271_716_734


@pytest.mark.parametrize(("grid", "boxes", "classes"), [(7, 2, 20), (5, 3, 4), (1, 1, 1)])
def test_shape_of_predictions(grid, boxes, classes):
    with torch.device("meta"):
        for net, cell in ((YOLO(grid, boxes, classes), 64), (YOLO.small(grid, boxes, classes), 16)):
            assert net.input_size == (3, cell * grid, cell * grid)
            assert (net.grid, net.boxes, net.classes) == (grid, boxes, classes)
            assert net(torch.zeros(2, *net.input_size)).shape == (2, grid, grid, 5 * boxes + classes)


def test_head_is_linear_and_everything_else_leaky():
    with torch.device("meta"):
        net = YOLO()
    leaky = [layer for layer in net.modules() if isinstance(layer, nn.LeakyReLU)]
    assert len(leaky) == 25  # 24 convolutions and the first fully connected layer
    assert {layer.negative_slope for layer in leaky} == {0.1}
    assert [type(layer).__name__ for layer in net.head][-2:] == ["Linear", "Unflatten"]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_table_as_functions(batch_norm):
    torch.manual_seed(0)
    net = convolutions(3, (Conv(4, 7, stride=2), POOL, Conv(5, 3), Conv(6, 1)), batch_norm)
    x = torch.randn(2, 3, 16, 24)
    first, second, third = (layer for layer in net if isinstance(layer, nn.Conv2d))

    def behind(y):
        return F.leaky_relu(F.batch_norm(y, None, None, training=True) if batch_norm else y, 0.1)

    y = F.max_pool2d(behind(F.conv2d(x, first.weight, first.bias, stride=2, padding=3)), 2)
    y = behind(F.conv2d(y, second.weight, second.bias, padding=1))
    torch.testing.assert_close(net(x), behind(F.conv2d(y, third.weight, third.bias)))


def test_cells_of_small_see_what_lies_around_them():
    # a change in pixels 72 to 79 from the left, at the top of a large image, moves cells up to 55 pixels away
    torch.manual_seed(0)
    net = YOLO.small(grid=12).eval()
    x = torch.rand(1, 3, 192, 192)
    changed = x.clone()
    changed[..., :8, 72:80] += 1
    with torch.no_grad():
        moved = (net(changed) - net(x)).abs().amax(dim=3)[0] > 0  # (row, column)
    rows, columns = moved.any(dim=1).nonzero(), moved.any(dim=0).nonzero()
    assert (rows.min(), rows.max()) == (0, 3)
    assert (columns.min(), columns.max()) == (1, 7)


def test_classifier_shares_the_first_twenty_layers():
    torch.manual_seed(0)
    net = YOLO.small(classes=3)
    classifier = net.classifier(4)
    assert classifier(torch.rand(2, 3, 56, 56)).shape == (2, 4)  # half the side, as in the paper
    classifier(torch.rand(2, 3, 56, 56)).sum().backward()
    assert all(p.grad is not None for p in net.features.parameters())
    assert all(p.grad is None for p in (*net.neck.parameters(), *net.head.parameters()))
    with torch.device("meta"):
        at_224 = YOLO().classifier()
        assert at_224(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)


def test_small_learns_where_a_square_is():
    torch.manual_seed(0)
    net = YOLO.small(grid=3, boxes=1, classes=1)
    x, y = torch.zeros(9, 3, 48, 48), torch.zeros(9, 3, 3)
    for i in range(9):
        row, column = divmod(i, 3)
        x[i, :, 16 * row + 4 : 16 * row + 12, 16 * column + 4 : 16 * column + 12] = 1
        y[i, row, column] = 1
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
    for _ in range(40):
        optimizer.zero_grad()
        F.mse_loss(net(x)[..., 4], y).backward()
        optimizer.step()
    with torch.no_grad():
        found = net(x)[..., 4].flatten(1).argmax(dim=1)
    assert found.tolist() == list(range(9))


@pytest.mark.parametrize("build", [YOLO, YOLO.small])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"grid": 0}, ValueError, "grid: got 0, expected an integer of at least 1"),
        ({"boxes": 1.5}, TypeError, "boxes: got float 1.5, expected an integer"),
        ({"classes": None}, TypeError, "classes: got None"),
    ],
)
def test_bad_arguments(build, arguments, error, message):
    with pytest.raises(error, match=message), torch.device("meta"):
        build(**arguments)


def test_bad_images():
    with pytest.raises(ValueError, match=r"expected a batch of images, \(N, 3, 112, 112\)"):
        YOLO.small()(torch.zeros(2, 3, 448, 448))
    with pytest.raises(TypeError, match="num_classes: got str 'many'"):
        YOLO.small().classifier("many")
