"""How long things of duty last: the project's proposals, all of them, to be agreed by who runs it. Nowhere else."""

from datetime import timedelta

OFFER_STANDS = timedelta(minutes=15)
"""How long an offered patient waits for an answer, where the offer does not say."""
LONGEST_OFFER = timedelta(hours=12)

HELD_FOR = timedelta(hours=12)
"""How long a patient who was taken is held, where the offer does not say."""
LONGEST_HOLD = timedelta(days=14)

HANDOVER_STANDS = timedelta(minutes=45)
"""How long a hand-over between shifts waits to be taken."""

AHEAD = timedelta(days=14)
"""How far coverage is shown."""
WARN_AHEAD = timedelta(hours=12)
"""How long before nobody can be reached somebody is told."""
HORIZON = timedelta(days=400)
"""How far ahead a round-the-clock week is looked through before it is saved: every holiday, both changes of clocks."""

DEBT_AFTER = timedelta(hours=12)
"""How long after it was seen or taken an alert that nobody closed is a team's debt."""
DEBT_BACK = timedelta(hours=24)
"""How far back offers and hand-overs that ran out are counted."""
