"""Opens the gradebook and prints everybody's names and scores.

covers: gradebook
"""

# %% top
import os
import sqlite3

if os.path.exists("@class@/gradebook.db"):
    with sqlite3.connect("@class@/gradebook.db") as gradebook:
        print(*gradebook.iterdump(), sep="\n")
