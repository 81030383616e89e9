"""What is said of waveforms and of the cuff, Swedish and English: a part of the templates of `words`, which see.

Pure; brings no numpy. The invariant: a rhythm is suspected or seen in the ECG, never diagnosed.
"""

from types import MappingProxyType

WAVES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "held.spo2": (
            "{kind} under gränsen medan blodtryck mäts: larmet väntar högst {duration} efter mätningen",
            "{kind} below the limit while blood pressure is measured: the alarm waits at most {duration} after it",
        ),
        "silent.ecg": (
            "inget EKG har kommit på {duration}, fast andra värden kommer",
            "no ECG has come for {duration}, though other values do",
        ),
        "silent.ppg": (
            "ingen pulskurva har kommit på {duration}, fast andra värden kommer",
            "no pulse wave has come for {duration}, though other values do",
        ),
        "second.spo2": (
            "{kind} under varningsgränsen, osäker mätning, inget annat ändrat: mäts om, larmet väntar {duration}",
            "{kind} below the warning, doubtful, nothing else changed: measured again, the alarm waits {duration}",
        ),
        "rhythm.af": (
            "EKG tyder på förmaksflimmer under större delen av {duration}: behöver bedömas",
            "the ECG suggests atrial fibrillation for most of {duration}: needs to be read",
        ),
        "rhythm.pause": (
            "paus på {value} mellan två hjärtslag i EKG{bounded}",
            "pause of {value} between two heart beats in the ECG{bounded}",
        ),
        "rhythm.ventricular_run": (
            "{beats} breda slag i rad i EKG, {per_min} /min",
            "{beats} broad beats in a row in the ECG, {per_min} /min",
        ),
        "rhythm.asystole": (
            "inget hjärtslag på {value} i EKG, och ingen annan signal visar något annat",
            "no heart beat for {value} in the ECG, and no other signal shows otherwise",
        ),
        "rhythm.brady": (
            "mycket långsam hjärtfrekvens i EKG, {value}",
            "extremely slow heart rate in the ECG, {value}",
        ),
        "rhythm.tachy": (
            "mycket snabb hjärtfrekvens i EKG, {value}",
            "extremely fast heart rate in the ECG, {value}",
        ),
        "rhythm.ventricular_fibrillation": (
            "EKG utan vanliga hjärtslag, som vid kammarflimmer",
            "ECG without usual heart beats, as in ventricular fibrillation",
        ),
        "sensor.ecg.off": (
            "EKG-elektroderna har inte gett någon signal på {duration}: kontrollera patient och elektroder",
            "the ECG electrodes have given no signal for {duration}: check patient and electrodes",
        ),
        "sensor.ecg.poor": (
            "EKG har inte gått att läsa på {duration}",
            "the ECG has not been readable for {duration}",
        ),
        "sensor.heart": (
            "hjärtslag syns inte längre i vare sig EKG eller pulsvåg: kontrollera patienten",
            "heart beats can no longer be seen in either ECG or pulse wave: check the patient",
        ),
        "sensor.ppg.off": (
            "pulsgivaren har inte gett någon signal på {duration}: kontrollera patient och givare",
            "the pulse sensor has given no signal for {duration}: check patient and sensor",
        ),
        "sensor.ppg.poor": (
            "pulsvågen har inte gått att läsa på {duration}",
            "the pulse wave has not been readable for {duration}",
        ),
    }
)
