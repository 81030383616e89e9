"""The console: a line in the log, by identifiers. Where what a test or a demo makes ends."""

from alerting.letters import Fate, Letter, Sent
from ward import log


def send(letter: Letter) -> Fate:
    """Write the line."""
    log.get().info(
        "notification_told",
        notification=str(letter.letter_id),
        priority=letter.priority.name.lower(),
        team=letter.team_id,
        alerts=letter.alert_ids[:10],
        patients=letter.patients,
    )
    return Sent()
