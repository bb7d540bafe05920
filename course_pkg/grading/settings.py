"""How this course grades, as settings of nbgrader."""

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
from traitlets.config import Config

from course_pkg.grading import feedback
from course_pkg.grading.collect import SafeCollector, SafeExtractor
from course_pkg.grading.exporter import SubmissionExporter
from course_pkg.grading.isolated import IsolatedExecute


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
    feedback.configure(config)
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
