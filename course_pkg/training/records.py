"""What is measured while a network trains."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from course_pkg.training.distributed.replicas import whole_weights
from course_pkg.training.stopping import EarlyStopping


class History(NamedTuple):
    """What `fit` measured on the way."""

    steps: np.ndarray
    """Updates taken before each record, int64, (records,)."""
    metrics: dict[str, np.ndarray]
    """A number for each record, float64, (records, …), by name. "loss" is the mean loss of the batches
    trained on since the record before, with dropout and augmentation, NaN in the first record; there are
    "learning_rate" and what `evaluate` gave, too."""
    best_step: int
    """The record whose weights the network has in the end, the last one or that of `early_stopping`."""


class Records:
    """The numbers so far, and the weights that were best so far; part of a checkpoint.

    Examples
    --------
    >>> records = Records()
    >>> records.add(0, {"error": 0.9})
    >>> records.add(5, {"error": 0.5})
    >>> records.history().metrics["error"].tolist()
    [0.9, 0.5]
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.rows: list[dict[str, torch.Tensor]] = []
        self.best_weights: dict[str, torch.Tensor] = {}

    def add(self, step: int, numbers: Mapping[str, Any]) -> None:
        """Take down one record; numbers, arrays or tensors."""
        self.steps.append(step)
        self.rows.append(
            {
                name: torch.as_tensor(value, dtype=torch.float64, device="cpu")
                for name, value in numbers.items()
            }
        )

    def column(self, name: str) -> list[float]:
        """One of the numbers, over the records.

        Raises
        ------
        ValueError
            If there is none of this name.
        """
        if self.rows and name not in self.rows[0]:
            raise ValueError(f"metric: got {name!r}, expected one of {', '.join(map(repr, self.rows[0]))}")
        return [float(row[name]) for row in self.rows]

    def single_numbers(self) -> dict[str, float]:
        """Of the last record those that are one number each."""
        return {name: float(value) for name, value in self.rows[-1].items() if value.ndim == 0}

    def keep_best(self, model: nn.Module, rule: EarlyStopping | None) -> None:
        """Keep a copy of the weights if the last record is the best."""
        if rule is not None and rule.best(self.column(rule.metric)) == len(self.steps) - 1:
            self.best_weights = whole_weights(model)

    def over(self, rule: EarlyStopping | None) -> bool:
        """Whether the rule says to stop."""
        return rule is not None and rule.is_over(self.column(rule.metric))

    def history(self, rule: EarlyStopping | None = None) -> History:
        """All records as arrays."""
        metrics = {name: torch.stack([row[name] for row in self.rows]).numpy() for name in self.rows[0]}
        best = -1 if rule is None else rule.best(self.column(rule.metric))
        return History(np.array(self.steps), metrics, self.steps[best])

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps, "rows": self.rows, "best_weights": self.best_weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.steps, self.rows = state_dict["steps"], state_dict["rows"]
        self.best_weights = state_dict["best_weights"]
