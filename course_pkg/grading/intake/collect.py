"""Collect submissions from archives, for `nbgrader zip_collect`: one odd file stops nobody else's.

Set ``c.ZipCollectApp.extractor_plugin`` to `SafeExtractor` and ``c.ZipCollectApp.collector_plugin`` to
`SafeCollector`.
"""

import os
import shutil
import stat
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import parse_utc
from traitlets import Integer, default

from course_pkg.grading.intake.archives import ARCHIVES, Bounds, RefusedError, unpack, unsafe_name


class SafeExtractor(ExtractorPlugin):
    """Opens what students handed in as archives, each into a folder of its own."""

    max_files = Integer(Bounds.files, help="The most entries in one archive.").tag(config=True)
    max_size = Integer(Bounds.size, help="The most bytes that come out of one archive.").tag(config=True)
    max_ratio = Integer(Bounds.ratio, help="The most bytes for each byte of the archive.").tag(config=True)

    @default("zip_ext")
    def _zip_ext_default(self) -> list[str]:
        return ARCHIVES

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Open or copy every file below one folder into another.

        Parameters
        ----------
        archive_path, extracted_path : str
            The folder of archives and other files, and the folder for what is in them.
        """
        bounds = Bounds(self.max_files, self.max_size, self.max_ratio)
        for root, _, names in os.walk(archive_path):
            place = Path(extracted_path, os.path.relpath(root, archive_path))
            for name in sorted(names):
                file = Path(root, name)
                if not stat.S_ISREG(file.lstat().st_mode):
                    self.log.error("%s: is no plain file; not collected", name)
                elif file.suffix not in self.zip_ext:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, place / name)
                else:
                    self._open(file, place / _stem(name), bounds)

    def _open(self, file: Path, into: Path, bounds: Bounds) -> None:
        fresh = not into.exists()
        try:
            for line in unpack(file, into, bounds):
                self.log.warning("%s: %s", file.name, line)
        except RefusedError as error:
            self.log.error("%s: %s; nothing of it is collected", file.name, error)
            if fresh:
                shutil.rmtree(into)


# what Canvas and Moodle call the files they hand out: NAME_LATE_90123_456_NOTEBOOK-2.ipynb, where 90123
# is the student, and "Full Name_4711_assignsubmission_file/NOTEBOOK (1).ipynb", where 4711 is the participant
FILE_NAMES = (
    r".*[/\\][^/\\]*?_(?:LATE_)?(?P<student_id>\d+)_(?:\d+_|assignsubmission_file[^/\\]*[/\\])"
    r"(?P<file_id>[^/\\]+?)(?:-\d+| ?\(\d+\))?\.ipynb$"
)


class SafeCollector(FileNameCollectorPlugin):
    """nbgrader's own collector, which one odd file name does not stop.

    Without a `named_regexp` of the course's own it knows the names that Canvas and Moodle give.
    """

    @default("named_regexp")
    def _named_regexp_default(self) -> str:
        return FILE_NAMES

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._seen: set[tuple[str, str]] = set()
        self._timed: set[str] = set()

    def collect(self, submitted_file: str) -> dict[str, Any] | None:
        """Whose file this is, and which; None if it is not to be collected.

        Parameters
        ----------
        submitted_file : str
            Its absolute path.

        Returns
        -------
        dict or None
            With student_id, file_id and whatever else `named_regexp` names. Ids that lead out of the
            student's folder are not taken; of two files for one place, without times to compare, the first
            counts.
        """
        path = Path(submitted_file)
        if {".ipynb_checkpoints", "__MACOSX"} & set(path.parts) or path.name.startswith("._"):
            return None
        found = super().collect(submitted_file)
        if (
            not found
            or not isinstance(found.get("student_id"), str)
            or not isinstance(found.get("file_id"), str)
        ):
            return found
        student, file = found["student_id"], found["file_id"]
        if unsafe_name(student) or "/" in student or student.startswith(".") or unsafe_name(file):
            self.log.warning("Skipped %s: no student's id or file's name", ascii(path.name))
            return None
        time = found.get("timestamp")
        try:
            parse_utc(time)
        except (ValueError, OverflowError):
            self.log.warning("%s: no time that can be read: %s", path.name, ascii(time))
            time = found["timestamp"] = None
        place = (student, os.path.splitext(file)[0] + path.suffix)
        if place in self._seen and (not time or student not in self._timed):
            self.log.warning("Skipped %s: %s has handed in this file already", submitted_file, student)
            return None
        self._seen.add(place)
        if time:
            self._timed.add(student)
        return found


def _stem(name: str) -> str:
    """The name of an archive without its endings."""
    return name.removesuffix(Path(name).suffix).removesuffix(".tar")
