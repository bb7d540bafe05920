"""What a test raises when it has found something wrong."""


class CheckFailedError(AssertionError):
    """A test has found something wrong; the message says what, in words for the student."""


class NotWrittenError(CheckFailedError):
    """The function is still the stub, or is not there at all."""


class StillRunningError(CheckFailedError):
    """The function was interrupted: by the student, or because its time was over."""
