"""What a user can mend."""

from __future__ import annotations


class InputError(ValueError):
    """Arguments or files that cannot be used; the text names them and the mend."""
