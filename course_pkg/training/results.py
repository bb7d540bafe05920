"""Results of training from several seeds: the weights of all in one file, and their card."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.func import stack_module_state

from course_pkg.training.cards import load_weights, save_weights

Weights = dict[str, dict[str, torch.Tensor]]


def save_results(
    card: Mapping[str, Any], models: Mapping[str, Sequence[nn.Module]], folder: str | Path
) -> None:
    """Write `NAME.json` and `NAME.safetensors`, where NAME is the card's `"name"`.

    Parameters
    ----------
    card
        What was done and what came of it, plain data; `"weights_sha256"` is added to what is written.
    models
        For each run its trained networks, of one architecture, one a seed in the card's order.
    folder
        Where to; made if it does not exist.

    Raises
    ------
    ValueError
        If the card has no `"name"`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_results({"name": "lines", "seeds": [0]}, {"short": [nn.Linear(2, 1)]}, folder)
    ...     card, weights = load_results("lines", folder)
    >>> weights["short"]["weight"].shape
    torch.Size([1, 1, 2])
    """
    if "name" not in card:
        raise ValueError(f'card: got the keys {sorted(card)}, expected "name" among them')
    stacked = {
        f"{run}/{parameter}": tensor
        for run, networks in models.items()
        for part in stack_module_state(list(networks))
        for parameter, tensor in part.items()
    }
    save_weights(Path(folder) / f"{card['name']}.safetensors", stacked, card)


def load_results(name: str, folder: str | Path) -> tuple[dict[str, Any], Weights]:
    """Read what `python -m course_pkg train NAME` stored.

    Parameters
    ----------
    name
        Which experiment, for example `"mnist1d"`.
    folder
        Where it lies; `book/results` seen from the repository's root.

    Returns
    -------
    card : dict
        Data, seeds, settings, final errors of each run and learning curves.
    weights : dict
        For each stored run, each parameter of its networks stacked over the seeds, (seeds, …). Put those of
        the first seed into a network with
        ``net.load_state_dict({k: v[0] for k, v in weights[run].items()})``.

    Raises
    ------
    FileNotFoundError
        If there are no such results.
    ValueError
        If the weights are not those that the card was written for.

    Examples
    --------
    >>> load_results("nothing", "nowhere")
    Traceback (most recent call last):
        ...
    FileNotFoundError: no results of 'nothing' in nowhere; make them with: python -m course_pkg train nothing
    """
    file = Path(folder) / f"{name}.safetensors"
    if not (file.exists() and file.with_suffix(".json").exists()):
        raise FileNotFoundError(
            f"no results of {name!r} in {folder}; make them with: python -m course_pkg train {name}"
        )
    stored, card = load_weights(file)
    weights: Weights = {}
    for key, tensor in stored.items():
        run, parameter = key.split("/")
        weights.setdefault(run, {})[parameter] = tensor
    return card, weights
