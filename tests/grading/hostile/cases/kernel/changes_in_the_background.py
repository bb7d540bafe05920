"""A thread changes the function while it is tested, and another one the numbers that it returns.

covers: background threads
loses: challenge
"""

# %% replace challenge
import threading
import time

answer = [190, 518, 848]


def find_beats(recording, clean):
    return answer


def change():
    while True:
        globals()["find_beats"] = lambda *args: answer
        answer.append(answer.pop(0) + 1)
        time.sleep(0)


threading.Thread(target=change, daemon=True).start()
