"""The function is right, and leaves a sleeping grandchild at each call, which keeps all descriptors open.

covers: orphan by setsid
"""

# %% before slope
right_slope_kernel = slope_kernel


def slope_kernel(size, rate):
    import os
    import time

    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    os.wait()
    return right_slope_kernel(size, rate)
