"""The page that lies beside an exported record: what each file holds, in Swedish and English."""

from datetime import datetime
from types import MappingProxyType

FILES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "README.txt": ("den här sidan", "this page"),
        "patient.json": (
            "patienten, vårdtillfällena, teamen, enheterna och larmen, som FHIR R4 (Bundle)",
            "the patient, stays, teams, devices and alerts, as FHIR R4 (a Bundle)",
        ),
        "observations.ndjson": (
            "varje mätvärde som FHIR R4 (Observation), ett på varje rad",
            "every reading as FHIR R4 (an Observation), one a line",
        ),
        "waveforms.ndjson": (
            "EKG, pulsvåg, andning och rörelse som FHIR R4 (Observation med SampledData), ett stycke på varje rad",
            "ECG, pulse wave, breathing and motion as FHIR R4 (Observations with SampledData), a piece a line",
        ),
        "scores.ndjson": ("NEWS2 över tid, som FHIR R4 (Observation)", "NEWS2 over time, as FHIR R4 (Observations)"),
        "plans.json": (
            "övervakningsplanerna: varje version och programmets mall",
            "the monitoring plans: every version, and the template",
        ),
        "readings.csv": ("varje mätvärde, även de som inte får användas", "every reading, also those not to be used"),
        "device_events.csv": (
            "hjälpknapp, fall och svaren på dagens frågor",
            "help button, falls, and the answers to the day's questions",
        ),
        "scores.csv": ("NEWS2 över tid", "NEWS2 over time"),
        "alerts.csv": ("larmen", "the alerts"),
        "alert_events.csv": (
            "vad som hände med varje larm, och vem som gjorde det",
            "what was done about each alert, by whom",
        ),
        "notifications.csv": ("vem som larmades, hur och när", "who was told of each alert, how and when"),
        "timeline.csv": (
            "anteckningar, besök, läkemedelsändringar och inskrivna värden, även de som var fel",
            "notes, visits, changes of medication and values typed in, also those in error",
        ),
        "stays.csv": ("vårdtillfällena", "the stays"),
        "teams.csv": ("vilket team som ansvarade när", "which team answered when"),
        "bindings.csv": ("vilka enheter som bars när", "which devices were worn when"),
        "quarantine.csv": (
            "det som enheterna skickade och som inte kunde användas; innehållet utelämnas om fler har burit enheten",
            "what the devices sent and could not be used; contents withheld where others wore the device too",
        ),
    }
)


def readme(made_at: datetime, version: str, start: datetime | None, end: datetime | None) -> str:
    """Return the page."""
    width = max(len(name) for name in FILES) + 2
    when = f"{made_at:%Y-%m-%d %H:%M}Z, Hemvakt {version}"
    sides = []
    for side, (title, span, note) in enumerate(
        (
            (
                "Allt som Hemvakt har om en patient", "Tid",
                "Tider är UTC. Innehållet är sekretessbelagt. Hemvakt är inte en certifierad medicinteknisk produkt.",
            ),
            (
                "Everything that Hemvakt holds about one patient", "Time",
                "Times are UTC. The contents are confidential. Hemvakt is not a certified medical device.",
            ),
        )
    ):  # fmt: skip
        lines = [title, when, f"{span}: {_limits(start, end, side)}", ""]
        lines += [f"{name:<{width}}{told[side]}" for name, told in FILES.items()]
        sides.append("\n".join([*lines, "", note, ""]))
    return "\n".join(sides)


def _limits(start: datetime | None, end: datetime | None, side: int) -> str:
    everything = ("allt", "everything")[side]
    if start is None and end is None:
        return everything
    return " – ".join("…" if at is None else f"{at:%Y-%m-%d %H:%M}Z" for at in (start, end))
