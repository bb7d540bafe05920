"""Sends replies and idle messages for requests that were never made, and for the one that comes next.

covers: forged replies
"""

# %% top
from IPython import get_ipython

kernel = get_ipython().kernel
parent = kernel.get_parent()
for status in ("idle", "busy", "idle", "nonsense"):
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": status}, parent)
for content in ({"status": "ok", "execution_count": 999}, {"status": "error"}, {}, {"status": ["ok"]}):
    kernel.session.send(kernel.shell_stream, "execute_reply", content, parent)
    kernel.session.send(kernel.iopub_socket, "execute_reply", content, parent)
