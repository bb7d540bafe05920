"""The function blocks every signal before it sleeps.

covers: catch-all endless loop
loses: challenge
"""


# %% replace challenge
def find_beats(recording, clean):
    import signal
    import time

    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(1e6)
