"""The ways out against receivers of their own on this machine: what they get, and what becomes of each answer."""

import json
import socket
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alerting.channels import board, console, push, webhook
from alerting.letters import HANGS, UNREACHED, Fate, Letter, Refused, Sent, signature
from ward import channels
from ward.alerts import AlertId, Priority
from ward.clock import FakeClock
from ward.people import TeamId

pytestmark = pytest.mark.integration
NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
HERE = channels.networks("127.0.0.1, ::1")


@dataclass
class Receiver:
    """A server on this machine that keeps what it is sent and answers as it is told."""

    url: str = ""
    status: int = 201
    location: str | None = None
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Receive until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_letter(to: str) -> Letter:
    """Make a letter about one alert."""
    return Letter(
        letter_id=UUID("11111111-1111-4111-8111-111111111111"),
        to=to,
        title="Larm hög – logga in",
        text="Larm hög – logga in. Testteamet. https://board.example/?alert=7",
        link="https://board.example/?alert=7",
        priority=Priority.HIGH,
        team_id=TeamId(3),
        team="Testteamet",
        alert_ids=(AlertId(7),),
        patients=1,
        queued_at=NOON,
    )


def test_webhook_is_signed_and_can_be_told_apart() -> None:
    """A webhook carries its id, its time and a signature over both and the body, which another sender cannot make."""
    with receiving() as receiver:
        fate = webhook.sender(KEY, FakeClock(NOON), HERE)(a_letter(receiver.url))
        headers, body = receiver.got[0]

        assert fate == Sent()
        assert headers["webhook-id"] == "11111111-1111-4111-8111-111111111111"
        assert headers["webhook-timestamp"] == str(int(NOON.timestamp()))
        about = (headers["webhook-id"], int(NOON.timestamp()), body)
        assert headers["webhook-signature"] == signature(KEY.encode(), *about)
        assert headers["webhook-signature"] != signature(b"another", *about)
        assert json.loads(body)["data"] == {
            "alerts": [7],
            "patients": 1,
            "priority": "high",
            "team": {"team_id": 3, "name": "Testteamet"},
            "link": "https://board.example/?alert=7",
        }


def test_signature_is_that_of_standard_webhooks() -> None:
    """The signature is the one that the documentation of Standard Webhooks' libraries gives for its example."""
    key = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (500, Refused(reason="HTTP 500")),
        (429, Refused(reason="HTTP 429")),
        (401, Refused(reason="HTTP 401", retry=False)),
        (410, Refused(reason="HTTP 410", gone=True)),
    ],
)
def test_h04_webhook_answer_decides_whether_to_try_again(status: int, fate: Refused) -> None:
    """A receiver in trouble is tried again, one that refuses the message is not, and one that is gone never again."""
    with receiving() as receiver:
        receiver.status = status

        assert webhook.sender(KEY, FakeClock(NOON), HERE)(a_letter(receiver.url)) == fate


def test_webhook_does_not_follow_a_redirect() -> None:
    """A receiver that points elsewhere is not followed: what is signed goes where it was entered to go."""
    with receiving() as receiver, receiving() as elsewhere:
        receiver.status, receiver.location = 307, elsewhere.url
        fate = webhook.sender(KEY, FakeClock(NOON), HERE)(a_letter(receiver.url))

        assert fate == Refused(reason="HTTP 307")
        assert elsewhere.got == []


@contextmanager
def dripping(head: bytes, drop: bytes) -> Iterator[str]:
    """Answer who connects with `head`, then with `drop` again and again until they hang up; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line, suppress(OSError):
                line.sendall(head)
                while not hung_up.wait(0.01):
                    line.sendall(drop)

        hung_up = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
        finally:
            hung_up.set()
            thread.join()


@pytest.mark.parametrize(
    ("head", "fate"),
    [
        (b"", Refused(reason=HANGS)),
        (b"HTTP/1.1 204 No Content\r\nX-Slow: ", Refused(reason=HANGS)),
        (b"HTTP/1.1 200 OK\r\n\r\n", Sent()),
    ],
    ids=["no word", "head that does not end", "body that does not end"],
)
def test_h04_webhook_that_answers_byte_by_byte_is_not_waited_for(
    head: bytes, fate: Fate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head of an answer comes in time as a whole or not at all, and what follows it is not read."""
    if isinstance(fate, Refused):
        monkeypatch.setattr(webhook, "TIMEOUT_S", 0.2)
    with dripping(head, b"a") as address:
        assert webhook.sender(KEY, FakeClock(NOON), HERE)(a_letter(address)) == fate


def test_webhook_asks_nothing_inside_the_network_that_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads inside is not asked, by one of its addresses either; what was looked at is asked."""
    looked_up = [["127.0.0.1"], ["93.184.215.14", "10.0.0.5"], ["127.0.0.1"]]

    real = socket.getaddrinfo

    def look_up(host: str, port: int, *more: int, **kind: int) -> Sequence[tuple[object, ...]]:
        if host != "hook.example":
            return real(host, port, *more, **kind)
        return [(None, None, None, "", (each, port)) for each in looked_up.pop(0)]

    with receiving() as receiver:
        named = a_letter(receiver.url.replace("127.0.0.1", "hook.example"))
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        closed, opened = webhook.sender(KEY, FakeClock(NOON)), webhook.sender(KEY, FakeClock(NOON), HERE)
        inside = Refused(reason="inside the network", retry=False)

        assert [closed(named), opened(named)] == [inside, inside]
        assert receiver.got == []
        assert opened(named) == Sent()
        assert receiver.got[0][0]["host"].startswith("hook.example:")


def test_h04_receiver_that_is_not_there_is_a_reason() -> None:
    """Where nobody listens the reason is said, and it is tried again."""
    with receiving() as receiver:
        gone = receiver.url
    fate = webhook.sender(KEY, FakeClock(NOON), HERE)(a_letter(gone))

    assert fate == Refused(reason=UNREACHED)


@dataclass(frozen=True)
class Browser:
    """A browser that has subscribed: it alone can read what it is sent."""

    key: ec.EllipticCurvePrivateKey
    secret: bytes

    def subscription(self, endpoint: str) -> str:
        """What its page has sent."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _text(point), "auth": _text(self.secret)}
        return json.dumps({"endpoint": endpoint, "keys": keys})

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt a push."""
        told: dict[str, Any] = json.loads(
            http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        )
        return told


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.fixture
def browser() -> Browser:
    """A browser with keys of its own."""
    return Browser(ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef")


@pytest.fixture
def vapid_key() -> str:
    """A private key of VAPID."""
    return _text(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32))


def test_push_can_be_read_by_its_browser_alone(browser: Browser, vapid_key: str) -> None:
    """A push is encrypted to the browser, signed with VAPID, and says how urgent it is."""
    with receiving() as receiver:
        letter = a_letter(browser.subscription(f"{receiver.url}/push/1"))
        fate = push.sender(vapid_key, "mailto:drift@example.se")(letter)
        headers, body = receiver.got[0]

        assert fate == Sent()
        assert browser.read(body) == {
            "title": "Larm hög – logga in",
            "body": "Testteamet",
            "link": "https://board.example/?alert=7",
            "id": "11111111-1111-4111-8111-111111111111",
            "tag": "alert-7",
            "urgent": True,
        }
        assert b"Testteamet" not in body
        assert headers["urgency"] == "high"
        assert headers["authorization"].startswith("vapid t=")


def test_push_of_several_alerts_takes_no_other_ones_place(browser: Browser, vapid_key: str) -> None:
    """What stands for many alerts has a tag of its own: it neither hides one of them nor is hidden by it."""
    with receiving() as receiver:
        letter = replace(a_letter(browser.subscription(f"{receiver.url}/push/1")), alert_ids=(AlertId(7), AlertId(9)))
        push.sender(vapid_key, "mailto:drift@example.se")(replace(letter, priority=Priority.MEDIUM))
        told = browser.read(receiver.got[0][1])

        assert (told["tag"], told["urgent"]) == ("11111111-1111-4111-8111-111111111111", False)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (410, Refused(reason="HTTP 410", retry=False, gone=True)),
        (404, Refused(reason="HTTP 404", retry=False, gone=True)),
        (503, Refused(reason="HTTP 503")),
        (400, Refused(reason="HTTP 400", retry=False)),
    ],
)
def test_h04_push_answer_decides_whether_to_try_again(
    browser: Browser, vapid_key: str, status: int, fate: Refused
) -> None:
    """A subscription that was given up is gone for ever; a push service in trouble is tried again."""
    with receiving() as receiver:
        receiver.status = status
        letter = a_letter(browser.subscription(f"{receiver.url}/push/1"))

        assert push.sender(vapid_key, "mailto:drift@example.se")(letter) == fate


def test_h04_push_service_that_is_not_there_is_a_reason(browser: Browser, vapid_key: str) -> None:
    """Where nobody listens the reason is said, and it is tried again."""
    with receiving() as receiver:
        letter = a_letter(browser.subscription(f"{receiver.url}/push/1"))

    assert push.sender(vapid_key, "mailto:drift@example.se")(letter) == Refused(reason=UNREACHED)


def test_push_does_not_follow_a_redirect(browser: Browser, vapid_key: str) -> None:
    """A push service that points elsewhere is not followed."""
    with receiving() as receiver, receiving() as elsewhere:
        receiver.status, receiver.location = 307, elsewhere.url
        letter = a_letter(browser.subscription(f"{receiver.url}/push/1"))

        assert isinstance(push.sender(vapid_key, "mailto:drift@example.se")(letter), Refused)
        assert elsewhere.got == []


def test_board_that_falls_due_was_not_shown() -> None:
    """A notification of the board falls due only when no screen has said in time that it shows the alert."""
    assert board.send(a_letter("")) == Refused(reason="not_shown", retry=False)


def test_console_says_identifiers_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """The console's line has numbers, and no text of the letter."""
    assert console.send(a_letter("")) == Sent()
    assert "Larm" not in capsys.readouterr().out
