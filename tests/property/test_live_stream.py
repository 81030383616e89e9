"""The live stream under every slowness and every loss: several processes follow one store, clients come and go.

The store here is a few numbers and one ordered list of hints, as announcements come in the order of their commits. Each
process reads the store when it gets round to a hint, not before. A client keeps what it was told as the page does.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from api.live.hub import Client, Close, Hub
from tests.live_stage import ELSEWHERE, HERE, a_seat, an_alert
from ward.access.principals import Scope
from ward.people import StayId
from ward.store.tiles import LatestRow, Seat
from ward.vitals import VITALS, VitalKind

_CODE = VITALS[VitalKind.SPO2].code
_START = datetime(2026, 11, 21, 12, tzinfo=UTC)
_STAYS = (1, 2, 3)
_PROCESSES = (0, 1)
_CLIENTS = (0, 1, 2)


class Store:
    """What is true: values, alerts and whose each stay is; and what has been announced, in order."""

    def __init__(self) -> None:
        self.now = _START
        self.values = dict.fromkeys(_STAYS, 90)
        self.alerts: dict[int, tuple[int, str]] = {}
        self.homes = dict.fromkeys(_STAYS, 1)
        self.moves = 0
        self.hints: list[tuple[str, Any]] = []

    def seats(self) -> list[Seat]:
        """Everybody in care."""
        return [a_seat(stay, organisation=home, team=11 * home) for stay, home in self.homes.items()]

    def latest(self, stay: int) -> LatestRow:
        """The newest value of a stay."""
        at = _START + timedelta(seconds=self.values[stay])
        return (StayId(stay), _CODE, float(self.values[stay]), at, at, 0, None)

    def visible(self, scope: Scope) -> set[int]:
        """The stays that somebody may see."""
        return {stay for stay, home in self.homes.items() if home == scope.organisation_id}


class Process:
    """One api process: how far it has heard, and the mark that it waits for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hub = Hub()
        self.heard = len(store.hints)
        self.mark: tuple[object, datetime] | None = None
        self.sweep()
        self.hub.board.set_latest([self.store.latest(stay) for stay in _STAYS])
        for alert in self.store.alerts:
            self.alert(alert)
        self.hear_mark()
        self.hub.board.loaded = True

    def sweep(self) -> None:
        """Make a mark and look who is in care; what is announced comes by the hints alone."""
        if self.mark is not None:
            return
        seq, self.mark = self.hub.journal.seq, (object(), self.store.now)
        self.store.hints.append(("mark", self.mark[0]))
        self.hub.journal.began(self.store.now, seq)
        self.seats()

    def seats(self) -> None:
        """Read who is in care."""
        touched, _ = self.hub.board.set_seats(self.store.seats(), _START.date())
        if touched:
            self.hub.publish_seats(touched)

    def alert(self, alert: int) -> None:
        """Read an alert."""
        rev, state = self.store.alerts[alert]
        held = self.hub.board.set_alert(an_alert(alert, rev, state), _START.date())
        if held is not None:
            self.hub.publish_alert(held)

    def hear_mark(self) -> None:
        """Take hints until the mark has come back."""
        while self.mark is not None:
            self.hear()

    def hear(self) -> None:
        """Take the next hint and read what it names."""
        if self.heard == len(self.store.hints):
            return
        kind, named = self.store.hints[self.heard]
        self.heard += 1
        match kind:
            case "value":
                self.hub.publish_tiles(self.hub.board.set_latest([self.store.latest(named)]), self.store.now)
            case "alert":
                self.alert(named)
            case "seats":
                self.seats()
            case _ if self.mark is not None and named is self.mark[0]:
                self.hub.journal.swept(self.mark[1])
                self.mark = None


class Page:
    """A client: what it believes, the chain of its numbers, and the socket it has, if any."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.process: Process | None = None
        self.socket: Client | None = None
        self.last: int | None = None
        self.stream: str | None = None
        self.values: dict[int, float] = {}
        self.alerts: dict[int, tuple[int, str]] = {}

    def connect(self, process: Process) -> None:
        """Come to a process, with the last number where there is one."""
        self.process = process
        self.socket = process.hub.join(self.scope, b"t", self.last, self.stream, lambda: None)

    def drop(self) -> None:
        """Lose the socket, and with it whatever waited."""
        if self.process is not None and self.socket is not None:
            self.process.hub.leave(self.socket)
        self.process = self.socket = None

    def take(self, most: int | None = None) -> None:
        """Take what waits; of many messages only the first `most` arrive, and then the socket is lost."""
        if self.process is None or self.socket is None:
            return
        texts = self.socket.take(self.process.hub, self.process.store.now)
        for text in texts[:most]:
            if self.socket is not None:
                self.hear(json.loads(text))
        if len(texts[:most]) < len(texts):
            self.drop()

    def hear(self, message: dict[str, Any]) -> None:
        """Believe a message; a page that would miss one would show in `prev`."""
        if message["type"] not in {"snapshot", "resumed"}:
            assert message["prev"] == self.last
            assert message["seq"] >= message["prev"]
        self.last = message["seq"]
        match message["type"]:
            case "snapshot":
                self.stream = message["stream"]
                self.values = {tile["stay_id"]: _spo2(tile) for tile in message["patients"]}
                self.alerts = {each["alert_id"]: (each["rev"], each["state"]) for each in message["alerts"]}
            case "resumed":
                self.stream = message["stream"]
                if set(message["stays"]) != set(self.values):
                    self.last = None
                    self.drop()
            case "vitals":
                if message["stay_id"] in self.values:
                    self.values[message["stay_id"]] = max(self.values[message["stay_id"]], _spo2(message))
            case "alert":
                told = (message["alert"]["rev"], message["alert"]["state"])
                self.alerts[message["alert"]["alert_id"]] = max(
                    self.alerts.get(message["alert"]["alert_id"], told), told
                )


def _spo2(tile: dict[str, Any]) -> float:
    return float(tile["vitals"]["spo2"]["value"]) if tile["vitals"] else 0.0


class Stream(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    @initialize()
    def begin(self) -> None:
        """Two processes, and pages of two organisations."""
        self.store = Store()
        self.processes = [Process(self.store) for _ in _PROCESSES]
        self.pages = [Page(HERE), Page(HERE), Page(ELSEWHERE)]

    @rule(stay=st.sampled_from(_STAYS))
    def measure(self, stay: int) -> None:
        """A newer value is stored and announced."""
        self.store.values[stay] += 1
        self.store.hints.append(("value", stay))

    @rule(alert=st.integers(1, 4), state=st.sampled_from(["open", "acknowledged", "resolved"]))
    def change_alert(self, alert: int, state: str) -> None:
        """An alert opens or changes; one that is resolved stays so."""
        rev, was = self.store.alerts.get(alert, (0, "open"))
        if was != "resolved":
            self.store.alerts[alert] = (rev + 1, state)
            self.store.hints.append(("alert", alert))

    @precondition(lambda self: self.store.moves < 2)
    @rule(stay=st.sampled_from((2, 3)), announced=st.sampled_from(["hint", "time alone"]))
    def hand_over(self, stay: int, announced: str) -> None:
        """A patient goes to the other organisation, by a write or because a schedule says so."""
        self.store.moves += 1
        self.store.homes[stay] = 3 - self.store.homes[stay]
        if announced == "hint":
            self.store.hints.append(("seats", None))

    @rule(seconds=st.integers(1, 20))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.store.now += timedelta(seconds=seconds)

    @rule(process=st.sampled_from(_PROCESSES), hints=st.integers(1, 4))
    def follow(self, process: int, hints: int) -> None:
        """A process hears some of what was announced."""
        for _ in range(hints):
            self.processes[process].hear()

    @rule(process=st.sampled_from(_PROCESSES), rest=st.booleans(), seconds=st.integers(0, 10))
    def sweep(self, process: int, rest: bool, seconds: int) -> None:  # noqa: FBT001 - drawn
        """A process makes a mark after a while, and may hear it come back."""
        self.store.now += timedelta(seconds=seconds)
        self.processes[process].sweep()
        if rest:
            self.processes[process].hear_mark()

    @rule(page=st.sampled_from(_CLIENTS), process=st.sampled_from(_PROCESSES))
    def connect(self, page: int, process: int) -> None:
        """A page comes, to any process, and gets what it is told first."""
        self.pages[page].drop()
        self.pages[page].connect(self.processes[process])
        self.pages[page].take()

    @rule(page=st.sampled_from(_CLIENTS), beat=st.booleans())
    def take(self, page: int, beat: bool) -> None:  # noqa: FBT001 - drawn
        """A page gets what waits for it, with a heartbeat behind it or without."""
        socket = self.pages[page].socket
        if socket is not None and beat:
            socket.beat()
        self.pages[page].take()

    @rule(page=st.sampled_from(_CLIENTS), most=st.integers(0, 2))
    def lose(self, page: int, most: int) -> None:
        """A socket breaks while it is written to."""
        self.pages[page].take(most)
        self.pages[page].drop()

    @rule(process=st.sampled_from(_PROCESSES))
    def die(self, process: int) -> None:
        """A process is killed, and another takes its place."""
        for page in self.pages:
            if page.process is self.processes[process]:
                page.drop()
        self.processes[process] = Process(self.store)

    @precondition(lambda self: hasattr(self, "pages"))
    @invariant()
    def nobody_is_closed_for_nothing(self) -> None:
        """So few alerts never close a socket."""
        assert not any(page.socket is not None and page.socket.closing is Close.LAGGING for page in self.pages)

    def teardown(self) -> None:
        """In the end, everybody comes back where they like, and believes what is true: nothing was lost."""
        if not hasattr(self, "pages"):
            return
        for process in self.processes:
            process.seats()
            while process.heard < len(self.store.hints):
                process.hear()
        for number, page in enumerate(self.pages):
            if page.socket is None:
                page.connect(self.processes[number % 2])
            page.take()
            if page.socket is None:
                page.connect(self.processes[number % 2])
                page.take()
            self._agrees(page)

    def _agrees(self, page: Page) -> None:
        visible = self.store.visible(page.scope)
        assert page.values == {stay: self.store.values[stay] for stay in visible}
        open_now = {alert: each for alert, each in self.store.alerts.items() if each[1] != "resolved"}
        shown = {alert: each for alert, each in page.alerts.items() if each[1] != "resolved"}
        assert shown == (open_now if 1 in visible else {})


Stream.TestCase.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
TestStream = Stream.TestCase
