"""How a training can end early, apart from bugs."""

from __future__ import annotations


class InputError(ValueError):
    """Arguments or files that cannot be used; the text names them and the mend."""


class FailedError(RuntimeError):
    """The work failed on its way: the loss is no finite number any more, or a file cannot be written."""


class StoppedError(RuntimeError):
    """The training stopped before its end, with a checkpoint where there is a folder; `interrupted`: by a signal."""

    def __init__(self, message: str, *, interrupted: bool) -> None:
        super().__init__(message)
        self.interrupted = interrupted


def first_line(error: BaseException) -> str:
    """The first line of what an error of another library says, or its name where it says nothing of use."""
    text = str(error).strip()
    return text.splitlines()[0] if " " in text else f"{type(error).__name__} {text}".strip()
