"""A device: it measures, publishes at QoS 1, sends again what is not acknowledged, hears what is refused.

python examples/device.py mqtt://127.0.0.1:1883 hv-0001 SECRET      (mqtts://… and --ca for TLS; docs/wire-format.md)
"""

import argparse
import json
import random
import time
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

parser = argparse.ArgumentParser()
for name in ("url", "device", "secret"):
    parser.add_argument(name)
parser.add_argument("--ca", help="file with the certificates to trust, if not those that this machine trusts")
given = parser.parse_args()
url, topic = urlsplit(given.url), f"hemvakt/1/{given.device}"
every_s = {"heart_rate": 5.0}


def on_connect(client: mqtt.Client, *_: object) -> None:
    """Subscribe and say that we are here; also after each lost connection."""
    client.subscribe([(f"{topic}/rejects", 1), (f"{topic}/config", 1)])
    client.publish(f"{topic}/status", json.dumps({"online": True, "firmware": "1.0"}), qos=1, retain=True)


def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
    """Print what was refused; take what is to be measured how often."""
    print(message.topic.rpartition("/")[2], message.payload.decode(), flush=True)
    if message.topic.endswith("/config"):
        every_s.update(json.loads(message.payload).get("every_s", {}))


client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=given.device, protocol=mqtt.MQTTv5)
client.on_connect, client.on_message = on_connect, on_message
client.username_pw_set(given.device, given.secret)
client.will_set(f"{topic}/status", json.dumps({"online": False}), qos=1, retain=True)
client.max_queued_messages_set(0)  # no bound: what has no PUBACK yet is kept in memory and sent again
client.reconnect_delay_set(1, 30)
if url.scheme == "mqtts":
    client.tls_set(given.ca)
client.connect_async(url.hostname or "127.0.0.1", url.port or (8883 if url.scheme == "mqtts" else 1883))
client.loop_start()
while True:  # a repeat is harmless: the key of a reading is its device, kind and time
    reading = {"kind": "heart_rate", "value": round(random.gauss(71, 3)), "measured_at": int(time.time() * 1000)}
    client.publish(f"{topic}/vitals", json.dumps(reading), qos=1)
    time.sleep(every_s["heart_rate"])
