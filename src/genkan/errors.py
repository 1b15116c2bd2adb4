"""Every error that Genkan raises, in one tree.

    GenkanError
    ├── ConfigError       a setting or a flag is wrong: said once, in one line, without a stack trace
    ├── TransientError    the world failed and may recover: the caller tries again later
    └── TerminalError     the world failed and trying again will not help until something changes

What a user writes wrong in an object is never an exception: it is a `genkan.ir.Condition`, and the rest goes on serving.
"""


class GenkanError(Exception):
    """Base of every error that Genkan raises itself; its text is for people: lower case, one line."""


class ConfigError(GenkanError):
    """A setting or a command-line argument that cannot be used."""


class TransientError(GenkanError):
    """Something outside failed and may recover by itself.

    `retry_after` (seconds) is what the other side asked for; None leaves the delay to the caller's back-off.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TerminalError(GenkanError):
    """Something outside failed in a way that a retry alone cannot mend; `reason` is one of `genkan.ir.Reason`."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
