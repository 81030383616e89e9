"""Every sentence in both languages, side by side: a change of wording must be looked at here."""

import pytest

from alerting.rules.news2 import Part
from alerting.words import KINDS, PARTS, TEMPLATES, UNITS, text
from tests.wave_sentences import WAVE_PAIRS
from ward.vitals import VITALS

SPO2: dict[str, str | float | int | None] = {"kind": "spo2", "value": 84.0, "limit": 88.0, "unit": "%"}
PAIRS: list[tuple[str, dict[str, str | float | int | None], str, str]] = [
    (
        "limit.low",
        {**SPO2, "duration_s": 60.0},
        "Syremättnad 84 % under gränsen 88 % i 60 s",
        "Oxygen saturation 84 % below the limit 88 % for 60 s",
    ),
    (
        "limit.low",
        {**SPO2, "value": 79.0, "limit": 80.0, "duration_s": 0.0},
        "Syremättnad 79 % under gränsen 80 %",
        "Oxygen saturation 79 % below the limit 80 %",
    ),
    (
        "limit.low",
        {**SPO2, "value": 87.6, "duration_s": 60.0},
        "Syremättnad 87,6 % under gränsen 88,0 % i 60 s",
        "Oxygen saturation 87.6 % below the limit 88.0 % for 60 s",
    ),
    (
        "limit.high",
        {"kind": "temperature", "value": 39.7, "limit": 39.5, "unit": "Cel", "duration_s": 0.0},
        "Temperatur 39,7 °C över gränsen 39,5 °C",
        "Temperature 39.7 °C above the limit 39.5 °C",
    ),
    (
        "limit.high",
        {"kind": "resp_rate", "value": 27.0, "limit": 25.0, "unit": "/min", "duration_s": 120.0},
        "Andningsfrekvens 27 /min över gränsen 25 /min i 2 min",
        "Respiratory rate 27 /min above the limit 25 /min for 2 min",
    ),
    (
        "limit.high",
        {"kind": "resp_rate", "value": 23.0, "limit": 22.0, "unit": "/min", "duration_s": 120.0, "median_s": 180.0},
        "Andningsfrekvens 23 /min (median av 3 min) över gränsen 22 /min i 2 min",
        "Respiratory rate 23 /min (median of 3 min) above the limit 22 /min for 2 min",
    ),
    (
        "limit.high",
        {"kind": "consciousness", "value": 4.0, "limit": 3.0, "unit": "{score}", "duration_s": 0.0},
        "Medvetandegrad U över gränsen P",
        "Level of consciousness U above the limit P",
    ),
    (
        "limit.consciousness",
        {"kind": "consciousness", "value": 4.0, "limit": 3.0, "unit": "{score}", "duration_s": 0.0},
        "Medvetandegrad U, sämre än gränsen P",
        "Level of consciousness U, worse than the limit P",
    ),
    (
        "news2.total",
        {"total": 7, "limit": 7, "duration_s": 60.0},
        "NEWS2 minst 7, larmgräns 7",
        "NEWS2 at least 7, alert threshold 7",
    ),
    (
        "news2.total",
        {"total": 6, "total_max": 9, "settles": "consciousness", "limit": 5, "duration_s": 60.0},
        "NEWS2 minst 6, larmgräns 5 (högst 9; mät medvetandegrad)",
        "NEWS2 at least 6, alert threshold 5 (at most 9; measure level of consciousness)",
    ),
    (
        "news2.rise",
        {"total": 4, "points": 3, "duration_s": 21600.0},
        "NEWS2 har stigit med minst 3 inom 6 h, nu minst 4",
        "NEWS2 has risen by at least 3 within 6 h, now at least 4",
    ),
    (
        "limit.low.doubtful",
        {**SPO2, "value": 74.0, "limit": 80.0, "duration_s": 0.0},
        "Syremättnad 74 % under gränsen 80 %, men mätningen är dålig: kontrollera patient och givare",
        "Oxygen saturation 74 % below the limit 80 %, but the measurement is poor: check patient and sensor",
    ),
    (
        "limit.high.doubtful",
        {"kind": "heart_rate", "value": 190.0, "limit": 170.0, "unit": "/min", "duration_s": 0.0},
        "Hjärtfrekvens 190 /min över gränsen 170 /min, men mätningen är dålig: kontrollera patient och givare",
        "Heart rate 190 /min above the limit 170 /min, but the measurement is poor: check patient and sensor",
    ),
    (
        "limit.high",
        {"kind": "heart_rate", "value": 134.0, "limit": 130.0, "unit": "/min", "duration_s": 60.0, "k": 3, "n": 5},
        "Hjärtfrekvens 134 /min över gränsen 130 /min i 3 av 5 mätningar i 60 s",
        "Heart rate 134 /min above the limit 130 /min in 3 of 5 readings for 60 s",
    ),
    (
        "combination",
        {
            "name": "möjlig sepsis",
            "terms": "heart_rate high 95, consciousness high 1",
            "least": 2,
            "all": 3,
            "duration_s": 120.0,
        },
        "Möjlig sepsis: hjärtfrekvens ≥ 95 /min, medvetandegrad ≥ C i 2 min (minst 2 av 3)",
        "Möjlig sepsis: heart rate ≥ 95 /min, level of consciousness ≥ C for 2 min (at least 2 of 3)",
    ),
    (
        "combination",
        {"name": "breathing", "terms": "spo2 low 91", "least": 1, "all": 2, "duration_s": 0.0},
        "Andningen: syremättnad ≤ 91 % (minst 1 av 2)",
        "Breathing: oxygen saturation ≤ 91 % (at least 1 of 2)",
    ),
    (
        "combination",
        {"name": "vatska_i_lungan", "terms": "spo2 low 91", "least": 1, "all": 1, "duration_s": 0.0},
        "Vatska i lungan: syremättnad ≤ 91 % (minst 1 av 1)",
        "Vatska i lungan: oxygen saturation ≤ 91 % (at least 1 of 1)",
    ),
    (
        "quality",
        {"kind": "spo2", "quality_pct": 12, "duration_s": 180.0},
        "Dålig mätkvalitet för syremättnad i 3 min (12 %): värdena bedöms inte",
        "Poor signal quality for oxygen saturation for 3 min (12 %): its values are not assessed",
    ),
    (
        "news2.single",
        {"part": "oxygen", "points": 3, "duration_s": 60.0},
        "NEWS2: 3 poäng för tillförd syrgas",
        "NEWS2: 3 points for supplemental oxygen",
    ),
    (
        "news2.single",
        {"part": "resp_rate", "points": 3, "duration_s": 300.0, "settles": "systolic", "total_max": 15},
        "NEWS2: 3 poäng för andningsfrekvens (alla tillsammans högst 15; mät systoliskt blodtryck)",
        "NEWS2: 3 points for respiratory rate (all together at most 15; measure systolic blood pressure)",
    ),
    (
        "nodata",
        {"kind": "spo2", "value": 94.0, "unit": "%", "duration_s": 600.0},
        "Inget värde för syremättnad på 10 min, senast 94 %",
        "No value for oxygen saturation in 10 min, last 94 %",
    ),
    (
        "nodata.never",
        {"kind": "temperature", "value": None, "unit": "Cel", "duration_s": 43200.0},
        "Inget värde för temperatur har kommit på 12 h",
        "No value for temperature has arrived in 12 h",
    ),
    (
        "second.spo2",
        {"kind": "spo2", "duration_s": 60.0},
        "Syremättnad under varningsgränsen, osäker mätning, inget annat ändrat: mäts om, larmet väntar 60 s",
        "Oxygen saturation below the warning, doubtful, nothing else changed: measured again, the alarm waits 60 s",
    ),
    (
        "silent.ecg",
        {"duration_s": 600.0},
        "Inget EKG har kommit på 10 min, fast andra värden kommer",
        "No ECG has come for 10 min, though other values do",
    ),
    (
        "silent.ppg",
        {"duration_s": 600.0},
        "Ingen pulskurva har kommit på 10 min, fast andra värden kommer",
        "No pulse wave has come for 10 min, though other values do",
    ),
    (
        "offline",
        {"device_id": "hv-0003", "duration_s": 120.0},
        "Enheten hv-0003 har saknat kontakt i 2 min",
        "Device hv-0003 has been out of contact for 2 min",
    ),
    (
        "offline.several",
        {"device_id": "hv-0003", "devices": "hv-0003, hv-0007", "duration_s": 120.0},
        "Enheterna hv-0003, hv-0007 har saknat kontakt i 2 min",
        "Devices hv-0003, hv-0007 have been out of contact for 2 min",
    ),
    (
        "battery",
        {"device_id": "hv-0003", "value": 12.0, "unit": "%"},
        "Enheten hv-0003 har 12 % batteri kvar",
        "Device hv-0003 has 12 % battery left",
    ),
    (
        "check",
        {"kind": "spo2", "value": 20.0, "unit": "%"},
        "Syremättnad 20 % är utanför det rimliga: kontrollera patient och givare",
        "Oxygen saturation 20 % is outside what is plausible: check patient and sensor",
    ),
    (
        "clock.ahead",
        {"device_id": "hv-0003", "duration_s": 45.0},
        "Klockan i enheten hv-0003 går 45 s före",
        "The clock of device hv-0003 is 45 s ahead",
    ),
    (
        "clock.refused",
        {"device_id": "hv-0003", "duration_s": 360.0},
        "Klockan i enheten hv-0003 går 6 min före: dess mätvärden tas inte emot",
        "The clock of device hv-0003 is 6 min ahead: its values are not accepted",
    ),
    (
        "clock.behind",
        {"device_id": "hv-0003", "duration_s": 7200.0},
        "Klockan i enheten hv-0003 går 2 h efter, eller så kommer värdena så sent",
        "The clock of device hv-0003 is 2 h behind, or its values arrive that late",
    ),
    (
        "help_button",
        {"device_id": "hv-0003", "occurred_at": "2026-11-21T10:00:00+00:00"},
        "Patienten har tryckt på hjälpknappen (enhet hv-0003)",
        "The patient has pressed the help button (device hv-0003)",
    ),
    (
        "fall",
        {"device_id": "hv-0003", "occurred_at": "2026-11-21T10:00:00+00:00"},
        "Ett fall har upptäckts (enhet hv-0003)",
        "A fall has been detected (device hv-0003)",
    ),
    (
        "slope.rise",
        {"kind": "heart_rate", "value": 4.9, "limit": 3.0, "unit": "/min", "duration_s": 21600.0},
        "Hjärtfrekvens stiger säkert, 4,9 /min i timmen under 6 h (gräns 3,0 /min i timmen)",
        "Heart rate is certainly rising, 4.9 /min an hour over 6 h (limit 3.0 /min an hour)",
    ),
    (
        "slope.rise",
        {
            "kind": "temperature",
            "value": 0.31,
            "limit": 0.2,
            "unit": "Cel",
            "duration_s": 21600.0,
            "reach_s": 9000.0,
            "reach_limit": 39.5,
        },
        "Temperatur stiger säkert, 0,31 °C i timmen under 6 h (gräns 0,20 °C i timmen); når 39,5 °C om 2,5 h",
        "Temperature is certainly rising, 0.31 °C an hour over 6 h (limit 0.20 °C an hour); reaches 39.5 °C in 2.5 h",
    ),
    (
        "slope.fall",
        {"kind": "spo2", "value": 0.62, "limit": 0.5, "unit": "%", "duration_s": 86400.0},
        "Syremättnad sjunker säkert, 0,6 % i timmen under 24 h (gräns 0,5 % i timmen)",
        "Oxygen saturation is certainly falling, 0.6 % an hour over 24 h (limit 0.5 % an hour)",
    ),
    (
        "deviation.low",
        {"kind": "spo2", "value": 91.2, "limit": 92.0, "usual": 95.4, "unit": "%", "duration_s": 7200.0},
        "Syremättnad 91 % är långt under patientens eget vanliga, 95 % i 2 h",
        "Oxygen saturation 91 % is far below the patient's own usual, 95 % for 2 h",
    ),
    (
        "deviation.high",
        {"kind": "heart_rate", "value": 96.0, "limit": 90.0, "usual": 68.0, "unit": "/min", "duration_s": 7200.0},
        "Hjärtfrekvens 96 /min är långt över patientens eget vanliga, 68 /min i 2 h",
        "Heart rate 96 /min is far above the patient's own usual, 68 /min for 2 h",
    ),
    (
        "weight.gain",
        {"kind": "weight", "value": 2.4, "limit": 2.0, "unit": "kg", "duration_s": 172800.0},
        "Vikten har ökat 2,4 kg på 48 h (gräns 2,0 kg)",
        "Weight has risen by 2.4 kg in 48 h (limit 2.0 kg)",
    ),
    (
        "support.spo2",
        {"kind": "spo2", "value": 4.0, "unit": "%", "flow_before": 1.0, "flow_now": 3.0, "duration_s": 10800.0},
        "Syremättnad har sjunkit 4 % på 3 h fast syrgasflödet höjts från 1,0 l/min till 3,0 l/min",
        "Oxygen saturation has fallen by 4 % in 3 h although the oxygen flow rose from 1.0 L/min to 3.0 L/min",
    ),
    (
        "identity.weight",
        {"kind": "weight", "value": 62.0, "usual": 80.1, "unit": "kg"},
        "Vikten 62,0 kg stämmer inte med de senaste, 80,1 kg: kontrollera vem som stått på vågen",
        "Weight 62.0 kg does not agree with the last ones, 80.1 kg: check who stood on the scale",
    ),
    (
        "identity.wearer",
        {"device_id": "hv-0003", "kinds": "weight,resp_rate", "duration_s": 3600.0},
        "Sedan enheten hv-0003 sattes på är vikt, andningsfrekvens olik patientens egen: kontrollera vem som bär den",
        "Since device hv-0003 was put on weight, respiratory rate is unlike the patient's own: check who wears it",
    ),
    (
        "identity.devices",
        {
            "kind": "heart_rate",
            "value": 72.0,
            "limit": 96.0,
            "unit": "/min",
            "device_id": "hv-0003",
            "other_id": "hv-0004",
        },
        "Enheterna hv-0003 och hv-0004 mäter olika hjärtfrekvens, 72 /min och 96 /min: kontrollera bärarna",
        "Devices hv-0003 and hv-0004 measure different heart rate, 72 /min and 96 /min: check the wearers",
    ),
    (
        "check_in",
        {"questions": "chest_pain,breath", "answers": "yes,worse", "device_id": "hv-0003"},
        "Oroande svar på dagens frågor: bröstsmärta, andningen (sämre)",
        "Worrying answers to the day's questions: chest pain, breathing (worse)",
    ),
    (
        "check_in",
        {"questions": "pain,phlegm,eaten", "answers": "8.5,coloured,no", "device_id": "hv-0003"},
        "Oroande svar på dagens frågor: smärta (8,5), slem (färgat), maten",
        "Worrying answers to the day's questions: pain (8.5), phlegm (coloured), eating",
    ),
    (
        "check_in.missed",
        {"duration_s": 108000.0},
        "Inga svar på dagens frågor på 30 h",
        "No answers to the day's questions in 30 h",
    ),
    (
        "plan",
        {},
        "Övervakningsplanen kan inte användas: programmets gränser gäller",
        "The monitoring plan cannot be used: the programme's limits apply",
    ),
    (
        "plan.order",
        {},
        "Ordinationen av SpO₂-skala 2 gäller inte längre: skala 1 används",
        "The order of SpO₂ scale 2 does not hold any more: scale 1 is used",
    ),
    (
        "plan.order.unnamed",
        {},
        "Ordinationen av SpO₂-skala 2 är inte bekräftad av någon läkare i personalen: den gäller till sitt slut",
        "No doctor of the staff has confirmed the order of SpO₂ scale 2: it holds until it runs out",
    ),
    (
        "unwatched",
        {},
        "Patientens värden kan inte bedömas: inga andra larm kan ges",
        "The patient's values cannot be evaluated: no other alarm can be given",
    ),
    (
        "coverage",
        {"starts": "2026-11-18 23:00", "ends": "2026-11-19 07:00"},
        "Ingen går att nå 2026-11-18 23:00\N{EN DASH}2026-11-19 07:00: ändra schemat eller lämna över patienten",
        "Nobody can be reached 2026-11-18 23:00\N{EN DASH}2026-11-19 07:00: change the schedule or pass the patient on",
    ),
    *WAVE_PAIRS,
]


@pytest.mark.parametrize(("key", "params", "swedish", "english"), PAIRS)
def test_h35_sentences_say_the_same_in_both_languages(
    key: str, params: dict[str, str | float | int | None], swedish: str, english: str
) -> None:
    """Each sentence has the reviewed wording, with units, decimals and the Swedish decimal comma."""
    assert text(key, params, "sv") == swedish
    assert text(key, params, "en") == english


def test_h35_every_sentence_is_reviewed() -> None:
    """No text key is without its pair above."""
    assert {key for key, *_ in PAIRS} == set(TEMPLATES)


def test_every_kind_unit_and_part_has_words() -> None:
    """Whatever a rule may speak of has a name in both languages."""
    assert set(KINDS) == {kind.value for kind in VITALS}
    assert {vital.unit for vital in VITALS.values()} <= set(UNITS)
    assert {part.label for part in Part} <= set(PARTS)


def test_unknown_key_is_refused() -> None:
    """A key without a sentence is an error, never an empty line."""
    with pytest.raises(KeyError):
        text("limit.sideways", {}, "sv")
