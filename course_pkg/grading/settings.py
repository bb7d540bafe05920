"""How this course grades, as settings of nbgrader."""

import warnings

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from course_pkg.grading.environment import use_this_environment
from course_pkg.grading.execution.isolated import IsolatedExecute
from course_pkg.grading.intake.collect import SafeCollector, SafeExtractor
from course_pkg.grading.intake.exporter import SubmissionExporter
from course_pkg.grading.reports import feedback


def configure(config: Config) -> None:
    """Set, in an nbgrader configuration, how this course grades and gives feedback.

    Call it in an nbgrader_config.py, so that nbgrader's own commands and formgrader do the same.

    Examples
    --------
    >>> config = Config()
    >>> configure(config)
    >>> config.Autograde.autograde_preprocessors[0].__name__
    'IsolatedExecute'
    """
    use_this_environment()
    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")  # its own, and harmless
    feedback.configure(config)
    # without a name the course is a row that is not there, which a database with foreign keys refuses
    config.CourseDirectory.setdefault("course_id", "default_course")
    config.ZipCollectApp.extractor_plugin = SafeExtractor
    config.ZipCollectApp.collector_plugin = SafeCollector
    config.Autograde.exporter_class = SubmissionExporter
    # not CheckCellMetadata: the exporter has just made the metadata itself
    config.Autograde.sanitize_preprocessors = [
        ClearOutput,
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
    ]
    config.Autograde.autograde_preprocessors = [
        IsolatedExecute,
        IgnorePattern,
        ClearMetadataPreprocessor,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
