"""Scenes to detect and segment, composed on the fly from real pixels, with exact boxes and masks."""

from course_pkg.data.scenes.compose import VOID, Rules, Scene
from course_pkg.data.scenes.digits import digit_scenes
from course_pkg.data.scenes.sequence import SceneBatch, Scenes
from course_pkg.data.scenes.stamps import stamp_scenes

__all__ = ["VOID", "Rules", "Scene", "SceneBatch", "Scenes", "digit_scenes", "stamp_scenes"]
