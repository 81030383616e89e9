"""An alert in plain words for the patient and those at home, Swedish and English: what it is about, never a number.

Pure; brings no numpy. Fixed sentences, no free text. They promise nothing that nobody knows (that somebody has seen it,
that all is well); what speaks of the patient ends with what to do when one feels worse. The invariant: every key of
`words` has both languages, side by side in a snapshot test. Wording to be confirmed by who is clinically responsible.
"""

from types import MappingProxyType

from alerting.words import Language, Pair, Parameters
from ward import evidence as kept
from ward.alerts import Evidence

_KINDS: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "heart_rate": ("pulsen", "pulse"),
        "resp_rate": ("andningstakten", "breathing rate"),
        "spo2": ("syret i blodet", "oxygen in the blood"),
        "temperature": ("temperaturen", "temperature"),
        "skin_temperature": ("hudens temperatur", "skin temperature"),
        "systolic": ("blodtrycket", "blood pressure"),
        "diastolic": ("blodtrycket", "blood pressure"),
        "mean_pressure": ("blodtrycket", "blood pressure"),
        "weight": ("vikten", "weight"),
        "glucose": ("blodsockret", "blood sugar"),
        "consciousness": ("vakenheten", "alertness"),
        "oxygen_flow": ("syrgasen", "oxygen supply"),
        "fio2": ("syrgasen", "oxygen supply"),
        "pain": ("smärtan", "pain"),
        "perfusion_index": ("genomblödningen", "blood flow in the finger"),
        "steps": ("stegen", "steps"),
        "peak_flow": ("andningskraften", "breathing strength"),
    }
)
_ANY: Pair = ("ett av dina värden", "one of your values")
_SENSOR: Pair = (
    "Kontrollera att givaren sitter som den ska.",
    "Please check that the sensor sits as it should.",
)
_OURS: Pair = (
    "Det är ett tekniskt fel som teamet tar hand om. Du behöver inte göra något.",
    "This is a technical fault that the team takes care of. There is nothing you need to do.",
)
_CHANGED: Pair = ("Flera av dina värden har ändrats.", "Several of your values have changed.")
_RHYTHM: Pair = (
    "Hjärtats rytm ser annorlunda ut i mätningen och behöver bedömas.",
    "The rhythm of the heart looks different in the measurement and needs to be assessed.",
)
_WORSE: Pair = (
    "Om du mår sämre: tryck på hjälpknappen eller ring ditt team. Vid livsfara: ring 112.",
    "If you feel worse: press the help button or call your team. If life is in danger: call 112.",
)
_OLD: Pair = (
    "En del av mätvärdena bakom var inte nya.",
    "Some of the measurements behind it were not new.",
)
# Keys that speak of the patient: their words end with what to do when one feels worse.
_OF_PATIENT = (
    "limit.",
    "news2.",
    "combination",
    "slope.",
    "deviation.",
    "weight.",
    "support.",
    "rhythm.",
    "sensor.heart",
)
_OF_PATIENT_TOO = ("help_button", "fall", "check_in")

PLAIN: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "limit.low": ("{Kind} är lägre än din plan säger.", "Your {kind} is lower than your plan says."),
        "limit.high": ("{Kind} är högre än din plan säger.", "Your {kind} is higher than your plan says."),
        "limit.low.doubtful": (
            f"Mätningen av {{kind}} är osäker. {_SENSOR[0]}",
            f"The measurement of your {{kind}} is uncertain. {_SENSOR[1]}",
        ),
        "limit.high.doubtful": (
            f"Mätningen av {{kind}} är osäker. {_SENSOR[0]}",
            f"The measurement of your {{kind}} is uncertain. {_SENSOR[1]}",
        ),
        "limit.consciousness": (
            "Vakenheten är sämre än din plan säger.",
            "Your alertness is worse than your plan says.",
        ),
        "news2.total": _CHANGED,
        "news2.single": ("Ett av dina värden har ändrats mycket.", "One of your values has changed a lot."),
        "news2.rise": _CHANGED,
        "combination": _CHANGED,
        "quality": (
            f"Mätningen av {{kind}} går inte att lita på just nu. {_SENSOR[0]}",
            f"The measurement of your {{kind}} cannot be trusted at present. {_SENSOR[1]}",
        ),
        "check": (f"Ett mätvärde ser orimligt ut. {_SENSOR[0]}", f"A measured value looks impossible. {_SENSOR[1]}"),
        "nodata": (
            f"Teamet får inga nya värden för {{kind}} just nu. {_SENSOR[0]}",
            f"The team gets no new values of your {{kind}} at present. {_SENSOR[1]}",
        ),
        "nodata.never": (
            f"Teamet har inte fått några värden för {{kind}}. {_SENSOR[0]}",
            f"The team has not received any values of your {{kind}}. {_SENSOR[1]}",
        ),
        "offline": (
            "Din utrustning har tappat kontakten: teamet ser inte dina värden just nu. Kontrollera att den är på.",
            "Your equipment has lost contact: the team does not see your values now. Please check that it is on.",
        ),
        "offline.several": (
            "Flera av dina apparater har tappat kontakten: teamet ser inte deras värden nu. Kontrollera att de är på.",
            "Several of your devices have lost contact: the team does not see their values. Please check they are on.",
        ),
        "battery": ("Din utrustning behöver laddas.", "Your equipment needs to be charged."),
        "plan": _OURS,
        "plan.order": _OURS,
        "plan.order.unnamed": _OURS,
        "coverage": _OURS,
        "clock.ahead": _OURS,
        "clock.refused": _OURS,
        "clock.behind": _OURS,
        "unwatched": (
            "Dina värden kan inte bedömas just nu. Det är ett tekniskt fel.",
            "Your values cannot be assessed at present. This is a technical fault.",
        ),
        "help_button": (
            "Du har tryckt på hjälpknappen. Larmet skickas till ditt team.",
            "You have pressed the help button. The alarm is being sent to your team.",
        ),
        "fall": (
            "Utrustningen tror att du har fallit. Larmet skickas till ditt team.",
            "The equipment believes that you have fallen. The alarm is being sent to your team.",
        ),
        "slope.rise": ("{Kind} stiger mer än vanligt.", "Your {kind} is rising more than usual."),
        "slope.fall": ("{Kind} sjunker mer än vanligt.", "Your {kind} is falling more than usual."),
        "deviation.low": ("{Kind} är lägre än det brukar vara för dig.", "Your {kind} is lower than is usual for you."),
        "deviation.high": (
            "{Kind} är högre än det brukar vara för dig.",
            "Your {kind} is higher than is usual for you.",
        ),
        "weight.gain": ("Din vikt har ökat på kort tid.", "Your weight has risen in a short time."),
        "support.spo2": (
            "Syret i blodet har sjunkit fast du får mer syrgas.",
            "The oxygen in your blood has fallen although you get more oxygen.",
        ),
        "identity.weight": (
            "Vikten stämmer inte med de tidigare. Var det du som stod på vågen?",
            "The weight does not agree with the earlier ones. Was it you on the scale?",
        ),
        "identity.wearer": (
            "Teamet är inte säkert på vem som bär utrustningen.",
            "The team is not sure who wears the equipment.",
        ),
        "identity.devices": ("Två av dina mätare visar olika värden.", "Two of your devices show different values."),
        "check_in": (
            "Du har svarat att något är sämre. Svaren skickas till ditt team.",
            "You have answered that something is worse. Your answers are being sent to your team.",
        ),
        "check_in.missed": (
            "Teamet har inte fått dina svar på dagens frågor.",
            "The team has not received your answers to the day's questions.",
        ),
        "held.spo2": (
            "Syret mäts om när blodtrycket har mätts.",
            "The oxygen is measured again when the blood pressure has been taken.",
        ),
        "silent.ecg": (
            "EKG kommer inte fram just nu. Kontrollera att sladden och plåstren sitter som de ska.",
            "Your ECG does not arrive at present. Please check that the lead and the patches sit as they should.",
        ),
        "silent.ppg": (
            "Pulskurvan kommer inte fram just nu. Kontrollera att givaren sitter som den ska.",
            "Your pulse wave does not arrive at present. Please check that the sensor sits as it should.",
        ),
        "second.spo2": (
            "Mätningen av syret är osäker. Sitt still, värm handen och låt mätaren sitta kvar en stund.",
            "The measurement of your oxygen is uncertain. Sit still, warm your hand and leave the sensor on a while.",
        ),
        "rhythm.af": _RHYTHM,
        "rhythm.pause": _RHYTHM,
        "rhythm.ventricular_run": _RHYTHM,
        "rhythm.asystole": _RHYTHM,
        "rhythm.brady": _RHYTHM,
        "rhythm.tachy": _RHYTHM,
        "rhythm.ventricular_fibrillation": _RHYTHM,
        "sensor.heart": (
            "Hjärtat syns inte i mätningen just nu. Kontrollera givarna.",
            "The heart cannot be seen in the measurement at present. Please check the sensors.",
        ),
        "sensor.ecg.off": (
            f"EKG-elektroderna ger ingen signal. {_SENSOR[0]}",
            f"The ECG electrodes give no signal. {_SENSOR[1]}",
        ),
        "sensor.ecg.poor": (
            f"EKG går inte att läsa just nu. {_SENSOR[0]}",
            f"The ECG cannot be read at present. {_SENSOR[1]}",
        ),
        "sensor.ppg.off": (
            f"Pulsgivaren ger ingen signal. {_SENSOR[0]}",
            f"The pulse sensor gives no signal. {_SENSOR[1]}",
        ),
        "sensor.ppg.poor": (
            f"Pulsgivaren går inte att läsa just nu. {_SENSOR[0]}",
            f"The pulse sensor cannot be read at present. {_SENSOR[1]}",
        ),
    }
)


_UNASKED: Pair = (
    "Din plan har ändrats och frågar inte längre efter det som larmet gällde",
    "Your plan has changed and no longer asks for what the alert was about",
)


def plain(evidence: Evidence, lang: Language) -> str:
    """Return what an alert is about, in plain words.

    Raises
    ------
    KeyError
        If there is no such key.
    """
    side = 0 if lang == "sv" else 1
    key = evidence.text_key
    said = [_about(key, evidence.params, side)]
    said += [_OLD[side]] if any(kept.old(evidence)) else []
    said += [_WORSE[side]] if key.startswith(_OF_PATIENT) or key in _OF_PATIENT_TOO else []
    return " ".join(said)


def unasked(evidence: Evidence, lang: Language) -> str:
    """Return what an alert was about that ended because the plan asks for it no more: nobody says that it is better."""
    side = 0 if lang == "sv" else 1
    name = _KINDS.get(str(evidence.params.get("kind")))
    said = _UNASKED[side] + ("" if name is None else f": {name[side]}") + "."
    return f"{said} {_WORSE[side]}"


def _about(key: str, params: Parameters, side: int) -> str:
    name = _KINDS.get(str(params.get("kind")), _ANY)[side]
    return PLAIN[key][side].format(kind=name, Kind=name[0].upper() + name[1:])
