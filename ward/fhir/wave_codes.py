"""What a waveform is called in FHIR: LOINC for an ECG, MDC by kind and lead, and our own code for every channel."""

from types import MappingProxyType

from ward.fhir import codes
from ward.fhir.codes import OWN
from ward.waveforms import WaveKind

_EKG_STUDY = "11524-6"
# IEEE 11073-10101, by kind and lead; docs/clinical-sources.md. Others have our own code alone.
_MDC: MappingProxyType[tuple[WaveKind, str], str] = MappingProxyType(
    {(WaveKind.ECG, "I"): "131329", (WaveKind.ECG, "II"): "131330", (WaveKind.PPG, "pleth"): "150452"}
)


def codings(kind: WaveKind, lead: str) -> list[tuple[str, str]]:
    """Return the (system, code) pairs of a channel."""
    found = [(codes.LOINC, _EKG_STUDY)] if kind is WaveKind.ECG else []
    if mdc := _MDC.get((kind, lead)):
        found.append((codes.MDC, mdc))
    return [*found, (f"{OWN}/CodeSystem/waveform", f"{kind}-{lead}")]
