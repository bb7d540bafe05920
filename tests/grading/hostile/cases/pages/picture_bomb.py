"""Shows a picture of a few kilobytes that unfolds to four hundred megapixels.

covers: rich outputs
"""

# %% top
import struct
import zlib

from IPython.display import Image, display


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


rows = zlib.compress(bytes(20_000 * 2_501), 9)
header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
display(Image(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")))
