"""The function starts threads until no more can be had.

covers: thread storm
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import threading
    import time

    while True:
        threading.Thread(target=time.sleep, args=(1e6,)).start()
