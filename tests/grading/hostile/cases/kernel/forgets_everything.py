"""Wipes every name, also those that IPython keeps, and imports anew what the notebook needs.

covers: %reset -f
"""

# %% top
from IPython import get_ipython

get_ipython().run_line_magic("reset", "-f in out dhist array")

# %% top
import matplotlib.pyplot as plt
import numpy as np

from course_pkg.checks import WhenWritten
from course_pkg.checks.heartbeats import f1_score, noisy_recording
from course_pkg.data import signals
