"""When to stop, and how fast to go until then."""

import pytest
import torch

from course_pkg.training.schedules import warmup_cosine
from course_pkg.training.stopping import EarlyStopping


@pytest.mark.parametrize(
    ("mode", "values", "best", "over"),
    [
        ("min", [0.5], 0, False),
        ("min", [0.5, 0.4, 0.4, 0.4], 1, True),
        ("min", [0.5, 0.4, 0.4, 0.3], 3, False),
        ("max", [0.5, 0.4, 0.4], 0, True),
        ("max", [0.5, 0.4, 0.6], 2, False),
        ("min", [float("nan"), 0.4, float("nan")], 1, False),
    ],
)
def test_early_stopping(mode, values, best, over):
    rule = EarlyStopping("error", patience=2, mode=mode)
    assert (rule.best(values), rule.is_over(values)) == (best, over)


def test_bad_rules():
    with pytest.raises(ValueError, match="patience: got 0"):
        EarlyStopping("error", patience=0)
    with pytest.raises(ValueError, match="mode: got 'most'"):
        EarlyStopping("error", patience=1, mode="most")


def test_warmup_cosine_is_pytorch_s_own_two_in_a_row():
    rates = []
    for make in (ours, theirs):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
        schedule, got = make(optimizer), []
        for _ in range(20):
            got.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        rates.append(got)
    assert rates[0] == pytest.approx(rates[1])


def ours(optimizer):
    return warmup_cosine(optimizer, steps=20, warmup=4)


def theirs(optimizer):
    from torch.optim import lr_scheduler

    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / 4, end_factor=1.0, total_iters=3)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=16)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[4])


def test_bad_schedules():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    with pytest.raises(ValueError, match="warmup: got 5, expected less than the 5 steps"):
        warmup_cosine(optimizer, steps=5, warmup=5)
    with pytest.raises(ValueError, match="steps: got 0"):
        warmup_cosine(optimizer, steps=0)
