"""Gateways through Apprise against receivers of their own on this machine: what they get, and why they did not."""

import json
import logging
from logging.handlers import QueueHandler
from queue import SimpleQueue
from urllib.parse import urlsplit

import pytest

from alerting import courier
from alerting.channels import gateway
from alerting.letters import TIMEOUT_S, UNREACHED, Refused, Sent
from tests.integration.test_channels import a_letter, receiving
from ward.errors import ConfigError
from ward.settings import Settings

pytestmark = pytest.mark.integration


def test_gateway_puts_the_receiver_into_its_address() -> None:
    """Through Apprise the text goes out as it is, to the receiver that stands in the gateway's address, quoted."""
    with receiving() as receiver:
        template = receiver.url.replace("http://", "json://") + "/send/{to}?method=POST"
        fate = gateway.sender(template)(a_letter("+46701740605"))
        told = json.loads(receiver.got[0][1])

        assert fate == Sent()
        assert (told["title"], told["message"]) == (
            "Larm hög – logga in",
            "Larm hög – logga in. Testteamet. https://board.example/?alert=7",
        )


@pytest.mark.parametrize("status", [400, 500, 503])
def test_h04_gateway_that_refuses_is_a_reason(status: int) -> None:
    """A gateway that answers with an error is a refusal that says which, and is tried again."""
    with receiving() as receiver:
        receiver.status = status
        template = receiver.url.replace("http://", "json://") + "/{to}"

        assert gateway.sender(template)(a_letter("+46701740605")) == Refused(reason=f"HTTP {status}")


@pytest.mark.parametrize("kind", ["json", "mailto"])
def test_h04_gateway_that_is_not_there_is_told_from_one_that_refuses(kind: str) -> None:
    """Whoever looks for why nobody was told learns that there is no line to the gateway."""
    with receiving() as receiver:
        gone = urlsplit(receiver.url).netloc
    template = f"{kind}://{gone}/?from=larm@example.se&to={{to}}"

    assert gateway.sender(template)(a_letter("nurse@example.se")) == Refused(reason=UNREACHED)


@pytest.mark.parametrize(("said", "expected"), [("", TIMEOUT_S), ("?rto=2", 2.0)])
def test_h04_gateway_is_waited_for_as_long_as_any_way(said: str, expected: float) -> None:
    """A slow gateway that takes a message is not asked to take it ten times; its address may say how long to wait."""
    way = gateway._way("json://127.0.0.1/send" + said)

    assert way is not None
    assert way[0].socket_read_timeout == expected


def test_gateway_says_nothing_of_its_own_to_the_log() -> None:
    """What Apprise would log, with addresses in it, is nowhere: not at the start, nor when a letter is not taken."""
    heard: SimpleQueue[logging.LogRecord] = SimpleQueue()
    everything = QueueHandler(heard)
    logging.getLogger().addHandler(everything)
    with receiving() as receiver:
        receiver.status = 500
        template = receiver.url.replace("http://", "json://") + "/{to}"
        gateway.usable("mailto://127.0.0.1/?from=larm@example.se&to={to}")
        gateway.sender(template)(a_letter("+46701740605"))

    logging.getLogger().removeHandler(everything)
    assert heard.empty()


def test_gateway_address_that_apprise_does_not_know_is_told() -> None:
    """An address of no gateway is found out, when it is set and when it is used."""
    assert not gateway.usable("nonsense://{to}")
    assert gateway.usable("json://localhost/{to}")
    assert isinstance(gateway.sender("nonsense://{to}")(a_letter("x")), Refused)


def test_h04_gateway_that_could_tell_nobody_is_refused_at_the_start() -> None:
    """Every gateway that Apprise does not know is named at once, before anything starts; no gateway is no fault."""
    courier.require(Settings(sms_gateway="json://localhost/{to}"))
    with pytest.raises(ConfigError, match="HEMVAKT_SMS_GATEWAY, HEMVAKT_ALARM_GATEWAY: not an address"):
        courier.require(Settings(sms_gateway="nonsense://{to}", alarm_gateway="nothing://x"))
