"""Opens a widget, talks to its front end, and never closes it.

covers: rich outputs
"""

# %% top
from comm import create_comm
from IPython.display import display

comm = create_comm(target_name="jupyter.widget", data={"state": {"_model_name": "x" * 10_000}})
for i in range(300):
    comm.send({"method": "update", "state": {"value": "@token@" * i}})
display({"application/vnd.jupyter.widget-view+json": {"model_id": comm.comm_id}}, raw=True)
