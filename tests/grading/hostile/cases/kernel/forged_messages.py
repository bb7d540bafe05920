"""Sends messages that no front end expects: unknown types, wrong fields, a stream without a name.

covers: forged replies
"""

# %% top
from IPython import get_ipython

kernel = get_ipython().kernel
parent = kernel.get_parent()
for kind, content in [
    ("stream", {"name": "stdoops", "text": "x"}),
    ("stream", {"name": "stdout", "text": {"a": 1}}),
    ("stream", {}),
    ("display_data", {"data": [], "metadata": None}),
    ("display_data", {"data": {"text/plain": {"a": [1]}}, "metadata": {}, "transient": 5}),
    ("execute_result", {"data": {"text/plain": "4.0"}, "metadata": {}, "execution_count": "many"}),
    ("error", {"ename": 1, "evalue": None, "traceback": "text"}),
    ("update_display_data", {"data": {}, "transient": {"display_id": []}}),
    ("clear_output", {"wait": "perhaps"}),
    ("execute_input", {"code": "4.0", "execution_count": -1}),
    ("comm_open", {"comm_id": "x"}),
    ("no_such_type", {"x": 1}),
]:
    kernel.session.send(kernel.iopub_socket, kind, content, parent)
