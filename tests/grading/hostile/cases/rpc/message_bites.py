"""Raises an error whose message raises, whose class has no sound name, and whose type lies about it.

covers: exceptions that bite
loses: pad
"""


# %% replace pad
class Meta(type):
    @property
    def __name__(cls):
        raise SystemExit("no name")

    @property
    def __mro__(cls):
        raise SystemExit("no order")

    def mro(cls):
        return [cls, ValueError, Exception, BaseException, object]


class Bites(ValueError, metaclass=Meta):
    def __str__(self):
        raise SystemExit("no message")

    __traceback__ = property(lambda self: 1 / 0)


def pad(x, left, right, mode):
    raise Bites
