"""Who else is looking: the shape of presence, and how it is built. Pure.

Names are shown to members of the same team and to nobody else; no patient or relative is ever told who looks, and their
looking is not shown here. Whom somebody looks at is shown only to those who may see that patient.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from api.live.board import Place
from api.replies import encode
from ward.access.principals import Scope
from ward.people import PatientId, StaffId, TeamId
from ward.store.viewers import Viewer

MOST_NAMED = 100


class ViewerState(TypedDict):
    """One who looks, and which patients they have opened; none is the board as a whole."""

    staff_id: int
    name: str
    title: str
    patient_ids: list[int]


class PresenceMessage(TypedDict):
    """Everybody of one's own teams who has the board open now, oneself included; `more` is how many are not named."""

    type: Literal["presence"]
    seq: int
    prev: int
    viewers: list[ViewerState]
    more: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks, by team, and where those are whom they look at."""

    by_team: Mapping[TeamId, list[Viewer]]
    places: Mapping[PatientId, Place]

    @staticmethod
    def of(viewers: Iterable[Viewer], places: Callable[[Collection[PatientId]], Mapping[PatientId, Place]]) -> "Watch":
        """Put them in order; `places` tells where patients are."""
        by_team: dict[TeamId, list[Viewer]] = {}
        looked: set[PatientId] = set()
        for each in viewers:
            for team_id in each.team_ids:
                by_team.setdefault(team_id, []).append(each)
            if each.patient_id is not None:
                looked.add(each.patient_id)
        return Watch(by_team, places(looked) if looked else {})

    def told(self, scope: Scope, sees: Callable[[Place], bool]) -> str:
        """Return what follows the numbers of the message for those with this scope."""
        found: dict[StaffId, ViewerState] = {}
        for team_id in scope.team_ids:
            for each in self.by_team.get(team_id, ()):
                state = found.setdefault(each.staff_id, _state(each))
                place = None if each.patient_id is None else self.places.get(each.patient_id)
                if place is not None and sees(place) and each.patient_id not in state["patient_ids"]:
                    state["patient_ids"].append(int(each.patient_id or 0))
        named = sorted(found.values(), key=lambda one: (one["name"], one["staff_id"]))
        for state in named:
            state["patient_ids"].sort()
        more = max(0, len(named) - MOST_NAMED)
        return f'"viewers":{encode(named[:MOST_NAMED]).decode()},"more":{more}}}'


def _state(viewer: Viewer) -> ViewerState:
    return ViewerState(staff_id=viewer.staff_id, name=viewer.name, title=viewer.title, patient_ids=[])
