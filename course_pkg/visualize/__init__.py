"""What a network has learnt to see: maps, images that please a unit, ways back, coverings, concepts."""

from course_pkg.visualize.backward import reconstruct
from course_pkg.visualize.dissection import Dissection, concept_masks, dissect, upsample
from course_pkg.visualize.inversion import Inversion, invert
from course_pkg.visualize.maximise import Maximised, maximise, total_variation
from course_pkg.visualize.occlusion import occlusion_map
from course_pkg.visualize.units import Unit, feature_maps, unit_values

__all__ = [
    "Dissection",
    "Inversion",
    "Maximised",
    "Unit",
    "concept_masks",
    "dissect",
    "feature_maps",
    "invert",
    "maximise",
    "occlusion_map",
    "reconstruct",
    "total_variation",
    "unit_values",
    "upsample",
]
