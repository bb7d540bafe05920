"""Checkpoints: all that a training run needs to go on as if it had never been interrupted."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from course_pkg.training.distributed import from_all, from_first, here
from course_pkg.training.randomness import random_state, set_random_state


class Stateful(Protocol):
    """A network, an optimiser, a schedule: what PyTorch can take down and set up again."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> Any: ...


def save_checkpoint(
    file: str | Path,
    parts: Mapping[str, Stateful],
    progress: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> None:
    """Write a checkpoint, whole or not at all.

    It is written beside the old one, brought to the disk and then put in its place; who is killed in the
    middle leaves the old one. Of several processes all take part and the first one writes; progress and
    random numbers are kept for each.

    Parameters
    ----------
    file
        Where to; the folder is made if it does not exist.
    parts
        Network, optimiser and so on, by name.
    progress
        How far the run has come: tensors and plain data.
    settings
        What the run must not change on the way, plain data.

    Examples
    --------
    >>> import tempfile
    >>> net = torch.nn.Linear(2, 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(f"{folder}/a.pt", {"model": net}, {"step": 7}, {"seed": 0})
    ...     load_checkpoint(f"{folder}/a.pt", {"model": net}, {"seed": 0})
    {'step': 7}
    """
    states = {name: part.state_dict() for name, part in parts.items()}
    first, *others = from_all({"progress": dict(progress), "random": random_state()})
    if here().rank == 0:
        _write(Path(file), {"parts": states, "settings": dict(settings), **first, "others": others})


def _write(file: Path, whole: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as out:
            torch.save(whole, out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def load_checkpoint(
    file: str | Path, parts: Mapping[str, Stateful], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Set the parts and the random numbers up as they were when the checkpoint was written.

    Parameters
    ----------
    file
        From `save_checkpoint`. Only tensors and plain data are read from it; it cannot run code. Of several
        processes the first one reads it, for all: it need not be on every host.
    parts
        The same parts as then.
    settings
        What they are now.

    Returns
    -------
    dict
        The progress that was saved, that of this process.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a whole checkpoint, or was written with other settings or parts.
    """
    content = from_first(Path(file).read_bytes)
    try:
        whole = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        saved, then = whole["parts"], whole["settings"]
        each = [{"progress": whole["progress"], "random": whole["random"]}, *whole.get("others", [])]
    except Exception as fault:  # a cut or foreign file: zip, pickle and key errors of many kinds
        raise ValueError(f"{file} is not a checkpoint ({fault}); remove it to start anew") from fault
    for name in sorted(then.keys() | dict(settings).keys()):
        if then.get(name) != settings.get(name):
            raise ValueError(
                f"{name}: got {settings.get(name)!r}, expected {then.get(name)!r}, with which {file} was "
                "written; remove it to start anew"
            )
    if saved.keys() != parts.keys():
        raise ValueError(f"{file} holds {sorted(saved)}, expected {sorted(parts)}; remove it to start anew")
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    own = each[here().rank]  # as many as now: `fit` has their number among the settings
    set_random_state(own["random"])
    return own["progress"]
