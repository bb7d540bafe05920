"""A cell takes memory piece by piece and never gives it back.

covers: huge array
says: memory
"""

# %% top
hoard = []
while True:
    hoard.append(bytearray(b"x" * (1 << 25)))
