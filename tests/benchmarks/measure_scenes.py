"""How many scenes a second one core composes; printed as a table.

Run with `python tests/benchmarks/measure_scenes.py`; the stamps have to be fetched for the lines about them.
Processor time, the best of five rounds of 200 scenes.
"""

import time

from course_pkg.data import registry
from course_pkg.data.scenes import Scenes, digit_scenes, stamp_scenes

ROUNDS, SCENES = 5, 200


def scenes_per_second(scenes: Scenes) -> float:
    times = []
    for i in range(ROUNDS):
        start = time.process_time()
        scenes.batch(range(i * SCENES, (i + 1) * SCENES))
        times.append(time.process_time() - start)
    return SCENES / min(times)


def main() -> None:
    print("scenes        pixels   scenes/s")
    for size in (64, 112, 224):
        print(f"digits     {size:3} × {size:3} {scenes_per_second(digit_scenes('train', size)):10.0f}")
    if not registry.available("stamps"):
        print("stamps: python -m course_pkg data fetch stamps")
        return
    for size in (64, 112, 224, 448):
        print(f"stamps     {size:3} × {size:3} {scenes_per_second(stamp_scenes('train', size)):10.0f}")


if __name__ == "__main__":
    main()
