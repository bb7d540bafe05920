"""nbgrader's formgrader on a class, in the browser: marks and comments by hand."""

import os
import sys
from pathlib import Path

from course_pkg.grading.classroom.classfolder import CONFIG, open_class
from course_pkg.grading.environment import use_this_environment

EXTENSION = "nbgrader.server_extensions.formgrader"
# what Jupyter would load besides, and marking does not need
OTHERS = "jupyterlab notebook notebook_shim jupyter_lsp jupyter_server_terminals jupyterlab_jupytext "
OTHERS += " ".join(
    f"nbgrader.server_extensions.{name}" for name in ("assignment_list", "course_list", "validate_assignment")
)


def serve(folder: Path, port: int | None = None, browser: bool = True) -> int:
    """Become a server of formgrader for a class, on this machine only, until Ctrl+C.

    Who opens it needs the token in the address that it prints.

    Parameters
    ----------
    folder : Path
        The class folder.
    port : int, optional
        Where it listens; by default Jupyter looks for a free one.
    browser : bool
        Whether to open it in the browser.

    Returns
    -------
    int
        2 if there is no such class; otherwise it does not return.
    """
    try:
        open_class(folder)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    use_this_environment()
    command = [sys.executable, "-m", "jupyter_server", *_options(port, browser)]
    os.chdir(_home_of(folder))
    os.execv(command[0], command)


def _home_of(folder: Path) -> Path:
    """The folder whose nbgrader_config.py the class goes by: its own, or the one above it."""
    folder = folder.resolve()
    return next(place for place in (folder, folder.parent) if (place / CONFIG).is_file())


def _options(port: int | None, browser: bool) -> list[str]:
    settings = {"default_url": "/formgrader", "ip": "127.0.0.1", "open_browser": str(browser)}
    if port is not None:
        settings |= {"port": str(port), "port_retries": "0"}
    options = [f"--ServerApp.{name}={value}" for name, value in settings.items()]
    extensions = {EXTENSION: True} | dict.fromkeys(OTHERS.split(), False)
    options += [f"--ServerApp.jpserver_extensions={name}={on}" for name, on in extensions.items()]
    return [*options, "--allow-root"] if os.geteuid() == 0 else options
