"""Waveforms as FHIR R4 Observations with SampledData: a trace without a gap is one Observation.

The numbers are those that the device sent; times `factor`, plus `origin`, they are the physical value.
"""

from ward.clock import from_us
from ward.fhir import codes, wave_codes
from ward.fhir.codes import Resource
from ward.fhir.observations import device_identity
from ward.traces import Traced
from ward.waveforms import BY_CODE


def of_trace(traced: Traced) -> Resource:
    """Return a trace as an Observation."""
    trace = traced.trace
    channel = trace.channel
    kind = BY_CODE[channel.kind].kind
    ends_us = trace.t0_us + round(len(trace.samples) * 1e6 / channel.fs_hz)
    identity = f"wave-{channel.device_no}-{channel.kind}-{channel.lead}-{trace.t0_us}"
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "category": [codes.procedure()],
        "code": codes.concept(*wave_codes.codings(kind, channel.lead), text=f"{kind} {channel.lead}"),
        "subject": codes.reference("Patient", traced.patient_id),
        "encounter": codes.reference("Encounter", traced.stay_id),
        "effectivePeriod": codes.period(from_us(trace.t0_us), from_us(ends_us)),
        "device": codes.reference("Device", device_identity(channel.device_no, traced.device_id)),
        "valueSampledData": {
            "origin": {"value": channel.offset, "unit": channel.unit, "system": codes.UCUM, "code": channel.unit},
            "period": 1000 / channel.fs_hz,
            "factor": channel.scale,
            "dimensions": 1,
            "data": " ".join(map(str, trace.samples.tolist())),
        },
    }
