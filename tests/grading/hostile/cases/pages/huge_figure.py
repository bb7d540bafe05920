"""Draws a figure of a thousand million pixels.

covers: rich outputs
"""

# %% top
import matplotlib.pyplot as plt

plt.figure(figsize=(320, 320), dpi=100)
plt.plot([1, 2])
plt.show()
