"""Loss cards."""


class LossCard:
    """A loss and how it is weighed."""
