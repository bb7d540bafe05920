"""A cell of the student's own never ends; everything before and after it is sound.

covers: endless loop
says: time|second
"""

# %% top
while True:
    pass
