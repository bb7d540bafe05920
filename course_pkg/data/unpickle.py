"""Reading pickles of arrays without running what else a pickle may hold."""

import io
import pickle
from pathlib import Path
from typing import Any

# what a pickle of NumPy arrays, lists, dictionaries, numbers and strings asks for
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core.", "numpy._core.")  # its name before NumPy 2
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no part of an array")
        return super().find_class(module, name)


def load_arrays(file: Path, encoding: str = "bytes") -> Any:
    """What a pickle holds, if that is arrays, lists, dictionaries, numbers and strings only.

    Parameters
    ----------
    file
        The pickle.
    encoding
        How strings of Python 2 are read: "bytes", or the name of an encoding.

    Returns
    -------
    object

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is cut off or no pickle, or asks for anything else; nothing of that is run.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "arrays.pkl"
    ...     _ = file.write_bytes(pickle.dumps({"weights": np.arange(3)}))
    ...     load_arrays(file)
    {'weights': array([0, 1, 2])}
    """
    content = io.BytesIO(file.read_bytes())
    try:
        return _ArraysOnly(content, encoding=encoding).load()
    # a damaged pickle can fail in any of these ways
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
            ImportError, MemoryError, OverflowError) as fault:  # fmt: skip
        raise ValueError(f"{file}: cannot be read as a pickle of arrays: {fault}") from fault
