"""The board: screens of the team that listen. A screen is told by the live stream, in the alert's own transaction.

So nothing is sent here. A notification of this way falls due only when its time has run out and no screen has said
that it shows the alert: it was not told, and the next level is.
"""

from alerting.letters import Fate, Letter, Refused

NOT_SHOWN = "not_shown"


def send(letter: Letter) -> Fate:
    """Say that nobody was told."""
    del letter
    return Refused(reason=NOT_SHOWN, retry=False)
