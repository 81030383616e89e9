"""What is said of waveforms, side by side: a change of wording must be looked at here."""

WAVE_PAIRS: list[tuple[str, dict[str, str | float | int | None], str, str]] = [
    (
        "held.spo2",
        {"kind": "spo2", "duration_s": 60.0},
        "Syremättnad under gränsen medan blodtryck mäts: larmet väntar högst 60 s efter mätningen",
        "Oxygen saturation below the limit while blood pressure is measured: the alarm waits at most 60 s after it",
    ),
    (
        "rhythm.af",
        {"value": 0.93, "unit": "{score}", "duration_s": 300.0},
        "EKG tyder på förmaksflimmer under större delen av 5 min: behöver bedömas",
        "The ECG suggests atrial fibrillation for most of 5 min: needs to be read",
    ),
    (
        "rhythm.pause",
        {"value": 3.42, "unit": "s"},
        "Paus på 3,4 s mellan två hjärtslag i EKG",
        "Pause of 3.4 s between two heart beats in the ECG",
    ),
    (
        "rhythm.pause",
        {"value": 3.04, "limit": 3.0, "unit": "s"},
        "Paus på 3,04 s mellan två hjärtslag i EKG (gräns 3,00 s)",
        "Pause of 3.04 s between two heart beats in the ECG (limit 3.00 s)",
    ),
    (
        "rhythm.ventricular_run",
        {"value": 6.0, "unit": "{beats}", "beats": 6, "per_min": 152},
        "6 breda slag i rad i EKG, 152 /min",
        "6 broad beats in a row in the ECG, 152 /min",
    ),
    (
        "rhythm.asystole",
        {"value": 6.1, "unit": "s"},
        "Inget hjärtslag på 6 s i EKG, och ingen annan signal visar något annat",
        "No heart beat for 6 s in the ECG, and no other signal shows otherwise",
    ),
    (
        "rhythm.brady",
        {"value": 31.6, "unit": "/min"},
        "Mycket långsam hjärtfrekvens i EKG, 32 /min",
        "Extremely slow heart rate in the ECG, 32 /min",
    ),
    (
        "rhythm.tachy",
        {"value": 168.4, "unit": "/min"},
        "Mycket snabb hjärtfrekvens i EKG, 168 /min",
        "Extremely fast heart rate in the ECG, 168 /min",
    ),
    (
        "rhythm.ventricular_fibrillation",
        {"value": 10.0, "unit": "s"},
        "EKG utan vanliga hjärtslag, som vid kammarflimmer",
        "ECG without usual heart beats, as in ventricular fibrillation",
    ),
    (
        "sensor.ecg.off",
        {"duration_s": 130.0},
        "EKG-elektroderna har inte gett någon signal på 2,2 min: kontrollera patient och elektroder",
        "The ECG electrodes have given no signal for 2.2 min: check patient and electrodes",
    ),
    (
        "sensor.ecg.poor",
        {"duration_s": 300.0},
        "EKG har inte gått att läsa på 5 min",
        "The ECG has not been readable for 5 min",
    ),
    (
        "sensor.heart",
        {"duration_s": 30.0},
        "Hjärtslag syns inte längre i vare sig EKG eller pulsvåg: kontrollera patienten",
        "Heart beats can no longer be seen in either ECG or pulse wave: check the patient",
    ),
    (
        "sensor.ppg.off",
        {"duration_s": 120.0},
        "Pulsgivaren har inte gett någon signal på 2 min: kontrollera patient och givare",
        "The pulse sensor has given no signal for 2 min: check patient and sensor",
    ),
    (
        "sensor.ppg.poor",
        {"duration_s": 300.0},
        "Pulsvågen har inte gått att läsa på 5 min",
        "The pulse wave has not been readable for 5 min",
    ),
]
