"""Results of long training runs: a card in JSON and the trained weights, tied together by a hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import nn
from torch.func import stack_module_state

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
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stacked = {
        f"{run}/{parameter}": tensor.detach()
        for run, networks in models.items()
        for part in stack_module_state(list(networks))
        for parameter, tensor in part.items()
    }
    weights = save(stacked)
    (folder / f"{card['name']}.safetensors").write_bytes(weights)
    whole = {**card, "weights_sha256": hashlib.sha256(weights).hexdigest()}
    # one top-level entry a line, so that a new run shows as a readable change
    lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in whole.items()]
    (folder / f"{card['name']}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


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
    folder = Path(folder)
    card_file, weights_file = folder / f"{name}.json", folder / f"{name}.safetensors"
    if not (card_file.exists() and weights_file.exists()):
        raise FileNotFoundError(
            f"no results of {name!r} in {folder}; make them with: python -m course_pkg train {name}"
        )
    card, data = json.loads(card_file.read_text()), weights_file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != card["weights_sha256"]:
        raise ValueError(
            f"{weights_file} is not the file of its card: sha256 {found}, not {card['weights_sha256']}"
        )
    weights: Weights = {}
    for key, tensor in load(data).items():
        run, parameter = key.split("/")
        weights.setdefault(run, {})[parameter] = tensor
    return card, weights
