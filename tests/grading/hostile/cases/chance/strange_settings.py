"""Changes how numbers print, where it stands, the language, the clock's zone and NumPy's errors.

covers: unseeded randomness
"""

# %% top
import decimal
import locale
import os
import random
import time
from contextlib import suppress

import numpy as np

np.set_printoptions(precision=1, threshold=2)
np.seterr(all="ignore")
np.random.seed(0)
random.seed(0)
decimal.getcontext().prec = 2
os.environ["TZ"] = "Pacific/Kiritimati"
time.tzset()
os.chdir("/")
with suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
