"""Why a question failed, and why the lab could not run it."""


class Failed(AssertionError):
    """A condition that the script requires does not hold."""


class TimedOut(Failed):
    """It did not become true in time."""


class LabError(Exception):
    """The lab itself could not do something."""
