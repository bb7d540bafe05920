"""Raises an error with a message of many lines, a long chain of causes, and a name of its own.

covers: rich outputs
"""


# %% top
def fail(depth):
    try:
        raise type("x" * 10_000, (Exception,), {})("line\n" * 20_000)
    except Exception as error:
        if depth == 0:
            raise
        raise RuntimeError("</pre><script>alert(1)</script>" * 100) from error


fail(3)
