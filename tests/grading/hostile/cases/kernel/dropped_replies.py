"""From here on, nothing that the kernel has to say is sent.

covers: dropped replies
"""

# %% top
from IPython import get_ipython

get_ipython().kernel.session.send = lambda *args, **kwargs: None
