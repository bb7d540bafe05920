"""What runs the function answers for another one, with an answer from the last request.

covers: answering for another name
loses: pad
"""

# %% before pad
import course_pkg.checks.work as work

last = {"status": "answer", "value": [0.0]}


def wrong_run(request, namespace):
    global last
    answer, last = last, {"status": "answer", "value": request["args"][0], "name": "convolve"}
    return answer


def pad(x, left, right, mode):
    work.run = wrong_run
    return last["value"]
