"""Settings of the property tests: the same cases on every machine, however slow it is.

To look for new cases, set EXPLORE: `EXPLORE=1 make test`.
"""

import os

from hypothesis import settings

settings.register_profile("course", deadline=None, derandomize="EXPLORE" not in os.environ)
settings.load_profile("course")
