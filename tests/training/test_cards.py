"""Weights, their cards, and logs."""

import json
import struct
import time

import numpy as np
import pytest
import torch
from torch import nn

from course_pkg.training.cards import data_sha256, load_weights, save_weights
from course_pkg.training.logs import tensorboard_log


def test_what_is_saved_is_loaded(tmp_path):
    net = nn.Sequential(nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3)).to(memory_format=torch.channels_last)
    save_weights(tmp_path / "new" / "a.safetensors", net.state_dict(), {"seed": 3})
    weights, card = load_weights(tmp_path / "new" / "a.safetensors")
    assert card["seed"] == 3
    assert weights.keys() == net.state_dict().keys()
    assert all(torch.equal(weights[name], value) for name, value in net.state_dict().items())


def test_weights_of_another_run_are_refused(tmp_path):
    file = tmp_path / "a.safetensors"
    save_weights(file, {"w": torch.zeros(3)}, {})
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.safetensors is not the file of its card"):
        load_weights(file)


def test_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.safetensors"):
        load_weights(tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"file: got 'a\.pt', expected a name that ends in \.safetensors"):
        save_weights(tmp_path / "a.pt", {}, {})


def test_the_card_is_json_with_a_line_an_entry(tmp_path):
    save_weights(tmp_path / "a.safetensors", {}, {"seed": 3, "errors": [0.1, 0.2]})
    text = (tmp_path / "a.json").read_text()
    assert len(text.splitlines()) == 5
    assert json.loads(text)["errors"] == [0.1, 0.2]


def test_the_hash_is_of_the_numbers():
    x = np.arange(12.0).reshape(3, 4)
    # worked out with the hashlib of another program would be the same: a type, a shape and the bytes
    assert data_sha256(x) == data_sha256(x.astype(">f8")) == data_sha256(np.asfortranarray(x))
    different = [x.astype(np.float32), x.reshape(4, 3), x + 1e-9, x.T]
    assert len({data_sha256(x), *map(data_sha256, different)}) == 5
    assert data_sha256(x, x) != data_sha256(x)


def scalars(folder):
    """Steps and numbers in TensorBoard's event files, read by their format: length, check, data, check."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            found += [(event.step, value.tag, round(value.simple_value, 4)) for value in event.summary.value]
            data = data[16 + length :]
    return found


def test_tensorboard_log(tmp_path):
    log = tensorboard_log(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    log(0, {"error": 0.5, "loss": float("nan")})
    log(7, {"error": 0.25})
    patience = 600
    while len(scalars(tmp_path / "run")) < 2 and patience:  # another thread writes, within a second or so
        time.sleep(0.1)
        patience -= 1
    assert scalars(tmp_path / "run") == [(0, "error", 0.5), (7, "error", 0.25)]
