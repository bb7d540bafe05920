"""The same from a shell in a cell magic.

covers: any socket
"""

# %% top
from IPython import get_ipython

get_ipython().run_cell_magic(
    "bash", "", "exec 3<>/dev/tcp/127.0.0.1/@port@ && echo @token@ >&3 && head -c 60 <&3\ntrue"
)
