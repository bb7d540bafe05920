"""Weights with a card: what they were trained on, how well they do, and a hash that ties the two together."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save

Weights = dict[str, torch.Tensor]


def save_weights(file: str | Path, weights: Mapping[str, torch.Tensor], card: Mapping[str, Any]) -> None:
    """Write weights as safetensors, and a card in JSON beside them.

    Parameters
    ----------
    file
        Where to, for example `lenet.safetensors`; the card becomes `lenet.json`. The folder is made if it
        does not exist.
    weights
        Tensors by name, such as a network's `state_dict()`.
    card
        What they are, plain data: data, seed, measured figures; `"weights_sha256"` is added to what is
        written.

    Raises
    ------
    ValueError
        If `file` does not end in .safetensors.

    Examples
    --------
    >>> import tempfile
    >>> net = torch.nn.Linear(2, 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(f"{folder}/line.safetensors", net.state_dict(), {"seed": 0})
    ...     weights, card = load_weights(f"{folder}/line.safetensors")
    >>> card["seed"], torch.equal(weights["bias"], net.bias)
    (0, True)
    """
    file = _checked(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})
    file.write_bytes(data)
    write_json(file.with_suffix(".json"), {**card, "weights_sha256": hashlib.sha256(data).hexdigest()})


def load_weights(file: str | Path) -> tuple[Weights, dict[str, Any]]:
    """Read weights and their card.

    Parameters
    ----------
    file
        From `save_weights`.

    Returns
    -------
    weights : dict
        Tensors by name; for a network's `load_state_dict`.
    card : dict
        What they are.

    Raises
    ------
    FileNotFoundError
        If the weights or their card are not there.
    ValueError
        If the weights are not those that the card was written for.
    """
    file = _checked(file)
    data, card = file.read_bytes(), json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    found = hashlib.sha256(data).hexdigest()
    if found != card["weights_sha256"]:
        raise ValueError(f"{file} is not the file of its card: sha256 {found}, not {card['weights_sha256']}")
    return load(data), card


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write plain data, one top-level entry a line, so that a new run shows as a readable change."""
    as_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    lines = [f"{as_text(key)}: {as_text(value)}" for key, value in content.items()]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def data_sha256(*arrays: torch.Tensor | np.ndarray) -> str:
    """A hash of numbers, their types and shapes: the same for the same data, on every machine.

    Parameters
    ----------
    arrays
        In this order.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> data_sha256(np.arange(3.0)) == data_sha256(torch.arange(3.0, dtype=torch.float64))
    True
    >>> data_sha256(np.arange(4)) == data_sha256(np.arange(4).reshape(2, 2))
    False
    """
    digest = hashlib.sha256()
    for array in arrays:
        values = np.ascontiguousarray(array)
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{values.dtype.str}{values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def json_sha256(content: Mapping[str, Any]) -> str:
    """A hash of plain data, whatever the order of its keys.

    Examples
    --------
    >>> json_sha256({"a": 1, "b": 2}) == json_sha256({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _checked(file: str | Path) -> Path:
    file = Path(file)
    if file.suffix != ".safetensors":
        raise ValueError(f"file: got {file.name!r}, expected a name that ends in .safetensors")
    return file
