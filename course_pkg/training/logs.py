"""Where the numbers of a training run go while it runs."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

Log = Callable[[int, Mapping[str, float]], None]


def tensorboard_log(folder: str | Path) -> Log:
    """A log for TensorBoard: the numbers of each record, over the steps.

    `tensorboardX`, which is small, writes the event files; to look at them run ``tensorboard --logdir
    FOLDER`` wherever TensorBoard is installed. When training goes on from a checkpoint, what the folder
    has of later steps is struck out. The numbers are on the disk a second later.

    Parameters
    ----------
    folder
        One a run; made when the first numbers come.

    Returns
    -------
    callable
        What `fit` takes as `log`: called with a step and numbers by name.

    Raises
    ------
    ModuleNotFoundError
        If tensorboardX is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tensorboard_log(folder)(0, {"error": 0.5})
    ...     print([file.name[:10] for file in Path(folder).iterdir()])
    ['events.out']
    """
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "logs for TensorBoard need the package tensorboardX, which is not installed: "
            "pip install tensorboardX"
        ) from missing

    writer = None

    def log(step: int, numbers: Mapping[str, float]) -> None:
        nonlocal writer
        if writer is None:
            writer = SummaryWriter(str(folder), purge_step=step or None, flush_secs=1)
        for name, value in numbers.items():
            if math.isfinite(value):  # there is no mean loss before the first step
                writer.add_scalar(name, value, step)

    return log
