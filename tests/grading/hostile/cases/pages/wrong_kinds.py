"""Shows objects whose data are not what their type says.

covers: rich outputs
"""

# %% top
from IPython.display import display

for data in [
    {"image/png": "this is not base64!"},
    {"image/png": ["a", "list"]},
    {"image/jpeg": {"a": 1}},
    {"text/html": {"a": [1, 2]}},
    {"text/plain": 5},
    {"text/latex": "$$" + "{" * 5000},
    {"application/json": float("nan")},
    {"text/markdown": None},
    {"no type": "x"},
    {"": ""},
    {},
]:
    try:
        display(data, raw=True, metadata={"text/html": {"isolated": True}, "x": [1]})
    except Exception as error:
        print(type(error).__name__)
