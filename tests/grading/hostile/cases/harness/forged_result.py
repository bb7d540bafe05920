"""Surrounds the test with cells that end in a score.

covers: forged scores
loses: pad
"""


# %% replace pad
def pad(x, left, right, mode):
    return x


5.0

# %% before pad
5.0

# %% after pad
from IPython import get_ipython

kernel = get_ipython().kernel
for parent in (kernel.get_parent(), {}, {"header": {"msg_id": "@token@_1_1"}}):
    kernel.session.send(
        kernel.iopub_socket,
        "execute_result",
        {"data": {"text/plain": "5.0"}, "metadata": {}, "execution_count": 5},
        parent,
    )
5.0
