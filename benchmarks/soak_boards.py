"""A few boards on the wall during a soak: they note when alerts come, and acknowledge each after a while.

A thread of its own beside the measurement. What comes of vital signs is read and forgotten, so that watching does not
grow. The invariant: an alert counts as come when its message has been read, and is acknowledged once.
"""

import http
import http.client
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import msgspec
import numpy as np

from benchmarks.crowd import Crowd, crowd
from benchmarks.figures import Floats

RULE = "limit.heart_rate.high"
_ACKNOWLEDGED_AFTER_NS = 20 * 10**9
_TOLD, _SHOWN = b'{"type":"alert"', b'{"type":"snapshot"'
_PATIENCE_NS = 60 * 10**9
_ANSWER_S = 30.0
_OPENED_S = 300.0


class _Alert(msgspec.Struct):
    alert_id: int
    patient_id: int
    rule: str
    rev: int
    state: str


class _Message(msgspec.Struct):
    alert: _Alert


class _Snapshot(msgspec.Struct):
    alerts: list[_Alert]


_ONE = msgspec.json.Decoder(_Message).decode
_WHOLE = msgspec.json.Decoder(_Snapshot).decode


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """An alert that is to be acknowledged."""

    at_ns: int
    alert_id: int
    rev: int


@dataclass(slots=True, kw_only=True)
class Boards:
    """`tokens` are the sessions of who watches, one a board."""

    port: int
    tokens: list[str]
    snapshots: int = 0
    failed: str = ""
    messages: int = 0
    acknowledged: int = 0
    not_acknowledged: int = 0
    hung_up: int = 0
    slowest_s: float = 0.0
    _seen: dict[tuple[int, int], int] = field(default_factory=dict)
    _of_patient: dict[int, list[int]] = field(default_factory=dict)
    _queue: deque[_Waiting] = field(default_factory=deque)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> float:
        """Begin to watch; return how many seconds it took until every board showed all patients."""
        began_s = time.monotonic()
        threading.Thread(target=self._keep, name="boards", daemon=True).start()
        while self.snapshots < len(self.tokens) and time.monotonic() - began_s < _OPENED_S:
            time.sleep(0.05)
        return time.monotonic() - began_s

    def stop(self) -> None:
        """Stop watching soon."""
        self._stopping.set()

    def waited_ms(self, rang: list[tuple[int, int]]) -> tuple[Floats, list[tuple[int, int]]]:
        """Return how long each of (patient, sent ns) took to each board, and which have to be asked for again.

        Returns
        -------
        (k,) float64, ms, inf where an alert did not come to a board within a minute; and what is younger than that and
        has not come to all boards yet.
        """
        found, later = [], []
        now_ns = time.time_ns()
        with self._lock:
            for patient, sent_ns in rang:
                came = self._came(patient, sent_ns)
                if np.isfinite(came).all() or now_ns - sent_ns > _PATIENCE_NS:
                    found += came
                else:
                    later.append((patient, sent_ns))
        return np.array(found, dtype=np.float64), later

    def forget(self, older_than_ns: int) -> None:
        """Forget alerts that came before, so that a long run is not a large one."""
        with self._lock:
            self._seen = {key: at_ns for key, at_ns in self._seen.items() if at_ns >= older_than_ns}
            kept = {alert for _, alert in self._seen}
            self._of_patient = {
                patient: left
                for patient, alerts in self._of_patient.items()
                if (left := [each for each in alerts if each in kept])
            }

    def _came(self, patient: int, sent_ns: int) -> list[float]:
        """Return after how many ms the first alert since then was on each board, inf where it was not."""
        for alert in self._of_patient.get(patient, ()):
            at = [self._seen.get((board, alert)) for board in range(len(self.tokens))]
            if any(each is not None and each >= sent_ns for each in at):
                return [np.inf if each is None else (each - sent_ns) / 1e6 for each in at]
        return [np.inf] * len(self.tokens)

    def _keep(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._watch()
                except ConnectionError as error:
                    self.hung_up += 1
                    self.failed = str(error)
                    time.sleep(1.0)
        except Exception as error:
            self.failed = repr(error)
            raise

    def _watch(self) -> None:
        cookie = lambda number: f"Cookie: hemvakt_session={self.tokens[number]}\r\n".encode()  # noqa: E731
        with crowd(self.port, "/api/live", cookie, len(self.tokens)) as watching:
            order = {number: place for place, number in enumerate(watching.peers)}
            while not self._stopping.is_set():
                self._read(watching, order)
                self._acknowledge()

    def _read(self, watching: Crowd, order: dict[int, int]) -> None:
        for number, _ in watching.polled.poll(0.2):
            for _, text in watching.peers[number].frames():
                self.messages += 1
                at_ns = time.time_ns()
                if text.startswith(_TOLD):
                    self._note(order[number], _ONE(text).alert, at_ns)
                elif text.startswith(_SHOWN):
                    self.snapshots += 1
                    for alert in _WHOLE(text).alerts:
                        self._note(order[number], alert, at_ns)

    def _note(self, board: int, alert: _Alert, at_ns: int) -> None:
        with self._lock:
            known = (board, alert.alert_id) in self._seen
            if known or alert.rule != RULE or alert.state != "open":
                return
            self._seen[board, alert.alert_id] = at_ns
            mine = self._of_patient.setdefault(alert.patient_id, [])
            if alert.alert_id not in mine:
                mine.append(alert.alert_id)
                waits = _Waiting(at_ns=at_ns + _ACKNOWLEDGED_AFTER_NS, alert_id=alert.alert_id, rev=alert.rev)
                self._queue.append(waits)

    def _acknowledge(self) -> None:
        while self._queue and self._queue[0].at_ns <= time.time_ns():
            each = self._queue.popleft()
            began_s = time.monotonic()
            try:
                done = self._post(f"/api/alerts/{each.alert_id}/acknowledge", each.rev) < http.HTTPStatus.BAD_REQUEST
            except OSError:
                done = False
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)
            self.acknowledged += done
            self.not_acknowledged += not done

    def _post(self, path: str, rev: int) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)
        headers = {
            "Cookie": f"hemvakt_session={self.tokens[0]}",
            "If-Match": f'"{rev}"',
            "Content-Type": "application/json",
        }
        try:
            line.request("POST", path, "{}", headers)
            answer = line.getresponse()
            answer.read()
            return answer.status
        finally:
            line.close()
