"""Prints codes that colour, clear and rename terminals, and characters that turn text around.

covers: rich outputs
"""

# %% top
print("\x1b[2J\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[8mhidden\x1b[999999C\r\b\b")
print("\u202egnorw\u202c \ufeff\u200b\u2066 \x00\x01\x7f\x9b")
