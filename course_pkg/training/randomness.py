"""Random numbers of a training run: seeded at its start, kept in its checkpoints, handed back at its end."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_pkg._validate import integer


def random_state() -> dict[str, Any]:
    """Where the global generators of torch (CPU and all GPUs), NumPy and Python stand.

    Returns
    -------
    dict
        Tensors and plain data only, so that `torch.load` takes it with `weights_only=True`.

    Examples
    --------
    >>> state = random_state()
    >>> first = torch.rand(3)
    >>> set_random_state(state)
    >>> torch.equal(first, torch.rand(3))
    True
    """
    # nothing here draws from NumPy's global generator, but somebody's augmentation may
    ours = np.random.get_state(legacy=False)  # noqa: NPY002
    words = torch.from_numpy(ours["state"]["key"].astype(np.int64))
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "numpy": {**ours, "state": {**ours["state"], "key": words}},
        "python": random.getstate(),
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put the global generators back to where they stood.

    Parameters
    ----------
    state
        From `random_state`. GPUs that it does not know are left alone.

    Examples
    --------
    >>> set_random_state(random_state())
    """
    torch.set_rng_state(state["torch"])
    for device, gpu in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(gpu, device)
    words = state["numpy"]["state"]["key"].numpy().astype(np.uint32)
    theirs = {**state["numpy"], "state": {**state["numpy"]["state"], "key": words}}
    np.random.set_state(theirs)  # noqa: NPY002
    random.setstate(state["python"])


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within this context all global generators start from `seed`; after it they stand where they stood.

    Parameters
    ----------
    seed
        At least 0.

    Raises
    ------
    TypeError, ValueError
        If `seed` is not an integer of at least 0.

    Examples
    --------
    >>> with seeded(3):
    ...     first = torch.rand(2)
    >>> with seeded(3):
    ...     print(torch.equal(first, torch.rand(2)))
    True
    """
    seed = integer("seed", seed, minimum=0)
    before = random_state()
    torch.manual_seed(seed)  # the GPUs as well
    np.random.seed(seed % 2**32)  # noqa: NPY002
    random.seed(seed)
    try:
        yield
    finally:
        set_random_state(before)
