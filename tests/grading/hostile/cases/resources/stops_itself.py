"""The function puts its own process to sleep, so that it does not even notice that its time is over.

covers: endless loop
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGSTOP)
