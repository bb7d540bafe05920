"""Copies the neighbour's homework into its own output.

covers: other submissions
"""

# %% top
import os

path = "@class@/submitted/@neighbour@/a1_convolution_1d/a1_convolution_1d.ipynb"
if os.path.exists(path):
    text = open(path, encoding="utf-8").read()
    print(text[text.index("canary") :][:200])
