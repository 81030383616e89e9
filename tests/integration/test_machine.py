"""Everything on one machine recovers by itself from the death of any one process, with nothing lost."""

import json
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from onebox.supervisor import require_free
from tests.fix_machine import Machine
from ward.clock import SystemClock
from ward.errors import ConfigError


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class Device:
    """A device with MQTT's own patience: what is not acknowledged is sent again after a reconnect."""

    def __init__(self, machine: Machine, device_id: str) -> None:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=device_id, protocol=paho.MQTTv311, clean_session=False
        )
        client.username_pw_set(device_id, f"demo-{device_id}")
        client.reconnect_delay_set(min_delay=1, max_delay=1)
        client.connect_async("127.0.0.1", machine.mqtt_port, keepalive=5)
        client.loop_start()
        self.client, self.device_id = client, device_id
        self.sent: set[int] = set()
        self.acknowledged: set[int] = set()
        client.on_publish = lambda _client, _data, mid, _reason, _properties: self.acknowledged.add(mid)
        self._began = SystemClock().now() - timedelta(hours=1)

    def publish(self, count: int) -> None:
        """Publish readings, each of its own second of the last hour."""
        for _ in range(count):
            at = self._began + timedelta(seconds=len(self.sent))
            payload = json.dumps({"kind": "spo2", "value": 96, "measured_at": at.isoformat()})
            self.sent.add(self.client.publish(f"hemvakt/1/{self.device_id}/vitals", payload, qos=1).mid)

    def settled(self) -> bool:
        """Tell whether everything published has been acknowledged."""
        return self.sent == self.acknowledged

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("victim", ["ingest", "alerting", "api", "postgres"])
def test_h21_machine_recovers_from_a_killed_process(machine: Machine, victim: str) -> None:
    """SIGKILL of a part while a device publishes: all comes back, and every acknowledged reading is stored once."""
    device = Device(machine, {"ingest": "hv-0002", "alerting": "hv-0003", "api": "hv-0004"}.get(victim, "hv-0005"))
    try:
        device.publish(200)
        dead = machine.child(victim)
        dead.kill()
        device.publish(200)
        until(device.settled, f"every reading is acknowledged after {victim} was killed")
        until(lambda: machine.has(victim, other_than=dead.pid), f"{victim} is started again")
        until(machine.ready, f"everything is ready after {victim} was killed")
    finally:
        device.close()

    stored = machine.ask("select device_id, count(*) from reading join device using (device_no) group by 1")
    assert dict(stored)[device.device_id] == 400


def test_taken_port_is_reported_with_what_to_do(machine: Machine) -> None:
    """A port that another program holds is named with the flag that chooses another."""
    with pytest.raises(ConfigError, match=f"--port {machine.http_port + 1}"):
        require_free("127.0.0.1", machine.http_port, "--port")


def test_mosquitto_pub_reaches_the_store(machine: Machine) -> None:
    """The line that the demo prints works as it stands."""
    line = machine.log.split("mosquitto_pub", 1)[1].split("\n\n", 1)[0]

    try:
        done = subprocess.run(["bash", "-c", f"mosquitto_pub {line}"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("bash is not installed")
    if done.returncode == 127:
        pytest.skip("mosquitto_pub is not installed (Debian: apt install mosquitto-clients)")

    assert done.returncode == 0, done.stderr
    until(lambda: machine.ask("select value from reading where kind = 4") == [(39.4,)], "the reading is stored")
