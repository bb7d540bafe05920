import pytest
import torch
from torch import nn

from course_pkg.models import GoogLeNet
from course_pkg.models.inception import TABLE_1, Inception, Scores, Widths

# Szegedy et al., table 1: output size, and millions of multiply-adds ("ops")
PRINTED = {
    "3a": ((256, 28, 28), 128),
    "3b": ((480, 28, 28), 304),
    "4a": ((512, 14, 14), 73),
    "4b": ((512, 14, 14), 88),
    "4c": ((512, 14, 14), 100),
    "4d": ((528, 14, 14), 119),
    "4e": ((832, 14, 14), 170),
    "5a": ((832, 7, 7), 54),
    "5b": ((1024, 7, 7), 71),
}


@pytest.mark.parametrize(("auxiliary", "total"), [(True, 13_378_280), (False, 6_998_552)])
def test_total(layers, auxiliary, total):
    with torch.device("meta"):
        net = GoogLeNet(auxiliary=auxiliary)
    assert sum(p.numel() for p in net.parameters()) == total
    in_use = layers(lambda: GoogLeNet(auxiliary=auxiliary))
    assert sum(row.parameters for row in in_use) == 6_998_552  # auxiliary heads are for training


def test_blocks_against_table_1(layers):
    rows = layers(GoogLeNet)
    macs = {name: sum(r.macs for r in rows if r.name.startswith(f"layers.{name}.")) for name in TABLE_1}
    for name, (shape, _) in PRINTED.items():
        maps = sum(r.output_shape[0] for r in rows if _ends_a_branch(r.name, name))
        assert (maps, *_last(rows, name).output_shape[1:]) == shape
    off = {name: macs[name] / 1e6 - ops for name, (_, ops) in PRINTED.items()}
    # 5a is a slip of the table: its layers need 51 million
    assert {name for name, difference in off.items() if abs(difference) > 1} == {"5a"}
    assert round(off["5a"], 1) == -2.9


def _ends_a_branch(row, block):
    ends = ("ones.0", "threes.1.0", "fives.1.0", "pooled.1.0")
    return row in [f"layers.{block}.{end}" for end in ends]


def _last(rows, block):
    return [row for row in rows if row.name.startswith(f"layers.{block}.")][-1]


def test_stem_and_classifier_against_table_1(layers):
    rows = layers(GoogLeNet)
    assert [row.output_shape for row in rows[:3]] == [(64, 112, 112), (64, 56, 56), (192, 56, 56)]
    assert round((rows[1].macs + rows[2].macs) / 1e6) == 360  # "convolution 3×3, ops 360M"
    assert round((rows[1].parameters + rows[2].parameters) / 1024) == 112  # "params 112K"
    assert (rows[-1].kind, rows[-1].macs, rows[-1].output_shape) == ("Linear", 1_024_000, (1000,))


def test_22_layers_deep(layers):
    # two branches of a block have two layers one behind the other
    names = [row.name for row in layers(GoogLeNet)]
    stem = sum(name.startswith("layers.stem") for name in names)
    assert stem + 2 * len(TABLE_1) + 1 == 22


def test_receptive_field_follows_the_widest_branch(layers):
    rows = {row.name: row.receptive_field for row in layers(GoogLeNet, all_rows=True)}
    assert rows["layers.3a.ones.0"] == 27
    assert rows["layers.3a.threes.1.0"] == rows["layers.3a.pooled.0"] == 27 + 2 * 8
    assert rows["layers.3a.fives.1.0"] == rows["layers.3b.ones.0"] == 27 + 4 * 8


def test_a_block_stacks_its_four_branches():
    torch.manual_seed(0)
    block = Inception(6, Widths(2, 3, 4, 1, 5, 7))
    x = torch.randn(2, 6, 9, 9)
    y = block(x)
    assert y.shape == (2, 18, 9, 9)
    torch.testing.assert_close(y[:, :2], torch.relu(block.ones[0](x)))
    pooled = nn.functional.max_pool2d(x, 3, stride=1, padding=1)
    torch.testing.assert_close(y[:, 11:], torch.relu(block.pooled[1][0](pooled)))


def test_auxiliary_scores_in_training_only():
    torch.manual_seed(0)
    net, x = GoogLeNet(num_classes=5), torch.randn(2, 3, 224, 224)
    scores = net(x)
    assert isinstance(scores, Scores)
    assert [each.shape for each in scores] == 3 * [(2, 5)]
    scores.after_4a.sum().backward()
    reached = {name.split(".")[1] for name, p in net.named_parameters() if p.grad is not None}
    assert reached == {"stem", "3a", "3b", "4a"}
    with torch.no_grad():
        assert isinstance(net.eval()(x), torch.Tensor)
    with torch.device("meta"):
        plain = GoogLeNet(auxiliary=False)
        assert isinstance(plain(torch.zeros(2, 3, 224, 224)), torch.Tensor)


def test_bad_arguments():
    with pytest.raises(TypeError, match="auxiliary: got str 'yes'"):
        GoogLeNet(auxiliary="yes")
    with pytest.raises(TypeError, match="num_classes: got None"):
        GoogLeNet(num_classes=None)
    with torch.device("meta"), pytest.raises(ValueError, match=r"x: got shape \(1, 3, 227, 227\)"):
        GoogLeNet()(torch.zeros(1, 3, 227, 227))
