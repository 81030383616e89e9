"""The message that something new is written of a patient: how often so far, so that a page looks again. Pure."""

from typing import Literal

from typing_extensions import TypedDict

from api.replies import encode
from ward.people import PatientId
from ward.store.news import NewsRow


class NewsMessage(TypedDict):
    """How often something was written of a patient: whichever number has risen, what it stands for is to be read anew.

    `events`: the timeline; `effects`: reports of what a change of medication did; `rounds`: who signed before free
    days; `home`: the next step, visits, answers, and who has looked.
    """

    type: Literal["news"]
    seq: int
    prev: int
    patient_id: int
    stay_id: int
    events: int
    effects: int
    rounds: int
    home: int


def news_body(patient_id: PatientId, row: NewsRow) -> str:
    """Return what follows the numbers of a message."""
    counts = {"events": row.events, "effects": row.effects, "rounds": row.rounds, "home": row.home}
    return encode({"patient_id": patient_id, "stay_id": row.stay_id, **counts}).decode()[1:]
