"""A cell never ends and catches whatever is to stop it.

covers: catch-all endless loop
says: time|second
"""

# %% top
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
