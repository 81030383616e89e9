"""What a course, or a medicine, may change in a body or its device. Words, and nothing else."""

from enum import StrEnum


class Target(StrEnum):
    """What a course may change; the words of the scenario files.

    Of the rhythm: `atrial_fibrillation` and `ventricular_run` are there from 0.5 on, `ventricular_ectopy` is the share
    of beats. None of them changes how fast the heart beats in the mean: that is `heart_rate`. `sensor_spo2` is what the
    oximeter reads beside the truth.
    """

    HEART_RATE = "heart_rate"
    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    SYSTOLIC = "systolic"
    TEMPERATURE = "temperature"
    ACTIVITY = "activity"
    WEIGHT = "weight"
    CONSCIOUSNESS = "consciousness"
    OXYGEN_FLOW = "oxygen_flow"
    ATRIAL_FIBRILLATION = "atrial_fibrillation"
    VENTRICULAR_ECTOPY = "ventricular_ectopy"
    VENTRICULAR_RUN = "ventricular_run"
    GLUCOSE = "glucose"
    SENSOR_NOISE = "sensor_noise"
    SENSOR_DROPOUT = "sensor_dropout"
    SENSOR_SPO2 = "sensor_spo2"
    BATTERY = "battery"
    POWER = "power"
