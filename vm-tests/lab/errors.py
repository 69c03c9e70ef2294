"""Why a question did not hold, and why the lab could not ask it."""


class Failed(AssertionError):
    """What the script asked for is not so."""


class TimedOut(Failed):
    """It did not become so in the time given."""


class LabError(Exception):
    """The lab itself could not do something."""
