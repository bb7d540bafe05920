"""The two largest networks, whole, on the CPU: one forward pass and one training step each."""

import gc
import time

import psutil
import pytest
import torch
from torch.nn import functional as F

from course_pkg.models import YOLO, DeconvNet

GB = 1e9


def memory():
    return psutil.Process().memory_info().rss / GB


def detection_loss(net, x):
    return F.mse_loss(net(x), torch.rand(len(x), 7, 7, 30, generator=torch.Generator().manual_seed(1)))


def segmentation_loss(net, x):
    truth = torch.randint(21, (len(x), 224, 224), generator=torch.Generator().manual_seed(1))
    return F.cross_entropy(net(x), truth)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "images", "shape", "loss_of"),
    [
        (YOLO, 1, (1, 7, 7, 30), detection_loss),
        (DeconvNet, 2, (2, 21, 224, 224), segmentation_loss),  # two: it normalises over one position an image
    ],
    ids=["YOLO", "DeconvNet"],
)
def test_forward_and_one_training_step(build, images, shape, loss_of, capsys):
    torch.manual_seed(0)
    start, before = time.perf_counter(), memory()
    net = build()
    built = time.perf_counter()
    x = torch.rand(images, *net.input_size)
    with torch.no_grad():
        y = net.eval()(x)
    assert y.shape == shape
    assert y.isfinite().all()
    assert y.std() > 0
    forward = time.perf_counter()

    optimizer = torch.optim.SGD(net.train().parameters(), lr=1e-4)
    watched = {name: p.detach().flatten()[:100].clone() for name, p in net.named_parameters()}
    loss = loss_of(net, x)
    loss.backward()
    after = memory()
    assert loss.isfinite()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    optimizer.step()
    moved = [
        name
        for name, p in net.named_parameters()
        if not torch.equal(p.detach().flatten()[:100], watched[name])
    ]
    assert {name.split(".")[0] for name in moved} == {name.split(".")[0] for name in watched}
    stepped = time.perf_counter()

    with capsys.disabled():
        print(
            f"\n{build.__name__}, {images} image(s), {torch.get_num_threads()} thread(s): "
            f"built in {built - start:.1f} s, forward {forward - built:.1f} s, "
            f"training step {stepped - forward:.1f} s, {after - before:.1f} GB more memory behind backward"
        )
    assert after - before < 8
    del net, optimizer, watched, loss, parameter
    gc.collect()
