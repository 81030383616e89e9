"""What decoding costs: microseconds a reading for each format, beside `json.loads` of the same payload alone.

Each payload holds as many readings; the fastest of several runs counts, since anything slower is somebody else's work.
`settled` goes on to canonical units and instants, as ingest does. Run: `python -m benchmarks.formats`.
"""

import argparse
import json
import time
from collections.abc import Callable

from ward.formats.settle import settle
from ward.formats.table import DECODERS
from ward.vitals import VITALS, VitalKind
from ward.wire import Leaf

AT_S = 1_795_255_200
KINDS = (VitalKind.SPO2, VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.TEMPERATURE, VitalKind.SYSTOLIC)
VALUES = (96, 71, 16, 37.1, 128)
SENML_UNITS = ("/100", "beat/min", "1/min", "Cel", "mm[Hg]")


def vitals(count: int) -> object:
    """Return readings as native JSON has them."""
    return [
        {
            "kind": KINDS[n % 5],
            "value": VALUES[n % 5],
            "unit": VITALS[KINDS[n % 5]].unit,
            "measured_at": AT_S * 1000 + n,
        }
        for n in range(count)
    ]


def senml(count: int) -> object:
    """Return readings as a SenML pack with base fields."""
    base = {"bn": "urn:dev:mac:0024befffe804ff1/", "bt": AT_S}
    records = [{"n": KINDS[n % 5], "u": SENML_UNITS[n % 5], "v": VALUES[n % 5], "t": n / 1000} for n in range(count)]
    return [base | records[0], *records[1:]]


def fhir(count: int) -> object:
    """Return readings as a Bundle of Observations."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": _observation(KINDS[n % 5], VALUES[n % 5], n)} for n in range(count)],
    }


def _observation(kind: VitalKind, value: float, n: int) -> object:
    vital = VITALS[kind]
    system = "http://unitsofmeasure.org"
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": vital.loinc, "display": str(kind)}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": f"2026-11-21T10:00:{n // 1000:02d}.{n % 1000:03d}Z",
        "valueQuantity": {"value": value, "unit": vital.unit, "system": system, "code": vital.unit},
    }


def fastest_us(work: Callable[[], object], runs: int) -> float:
    """Return the fewest microseconds that `work` took."""
    best = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=500)
    parser.add_argument("--runs", type=int, default=30)
    given = parser.parse_args()
    print("| format | bytes a reading | json.loads µs | decoded µs | decoded and settled µs | ratio to json.loads |")
    print("|---|---|---|---|---|---|")
    for leaf, make in ((Leaf.VITALS, vitals), (Leaf.SENML, senml), (Leaf.FHIR, fhir)):
        payload = json.dumps(make(given.readings)).encode()
        decode = DECODERS[leaf]
        if len(decode(payload).claims) != given.readings:
            raise SystemExit(f"{leaf}: not every reading was decoded")
        times = [
            fastest_us(work, given.runs) / given.readings
            for work in (
                lambda payload=payload: json.loads(payload),
                lambda payload=payload, decode=decode: decode(payload),
                lambda payload=payload, decode=decode: settle(decode(payload).claims),
            )
        ]
        size = len(payload) / given.readings
        print(f"| {leaf} | {size:.0f} | {times[0]:.2f} | {times[1]:.2f} | {times[2]:.2f} | {times[2] / times[0]:.2f} |")


if __name__ == "__main__":
    main()
