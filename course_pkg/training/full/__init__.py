"""Full training of the large networks on a GPU, and a small version of each for every other machine."""

from course_pkg.training.full.profiles import NeedsGPU, profile_here
from course_pkg.training.full.run import FullRun, full_experiment, run_full

__all__ = ["FullRun", "NeedsGPU", "full_experiment", "profile_here", "run_full"]
