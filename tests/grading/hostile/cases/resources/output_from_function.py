"""The function is right, and prints a megabyte at each call.

covers: 30 MB of output
"""

# %% before slope
right_slope_kernel = slope_kernel


def slope_kernel(size, rate):
    print("y" * 1_000_000)
    return right_slope_kernel(size, rate)
