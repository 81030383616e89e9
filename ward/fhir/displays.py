"""What public codes are called, where the name is known for certain; a code without one goes out without.

One table of (system, code). The invariant: a name here is the code system's own, never one of ours
(`docs/clinical-sources.md` says where each code was read).
"""

from types import MappingProxyType

from ward.formats.codes import LOINC, MDC, SNOMED

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_CATEGORY = f"{TERMINOLOGY}/observation-category"
_ABSENT = f"{TERMINOLOGY}/data-absent-reason"

DISPLAYS: MappingProxyType[tuple[str, str], str] = MappingProxyType(
    {
        (LOINC, "8867-4"): "Heart rate",
        (LOINC, "9279-1"): "Respiratory rate",
        (LOINC, "59408-5"): "Oxygen saturation in Arterial blood by Pulse oximetry",
        (LOINC, "2708-6"): "Oxygen saturation in Arterial blood",
        (LOINC, "8310-5"): "Body temperature",
        (LOINC, "39106-0"): "Temperature of Skin",
        (LOINC, "85354-9"): "Blood pressure panel with all children optional",
        (LOINC, "8480-6"): "Systolic blood pressure",
        (LOINC, "8462-4"): "Diastolic blood pressure",
        (LOINC, "8478-0"): "Mean blood pressure",
        (LOINC, "29463-7"): "Body weight",
        (LOINC, "15074-8"): "Glucose [Moles/volume] in Blood",
        (LOINC, "80288-4"): "Level of consciousness AVPU score",
        (LOINC, "3151-8"): "Inhaled oxygen flow rate",
        (LOINC, "3150-6"): "Inhaled oxygen concentration",
        (LOINC, "72514-3"): "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
        (LOINC, "55423-8"): "Number of steps in unspecified time Pedometer",
        (LOINC, "19935-6"): "Maximum expiratory gas flow Respiratory system airway by Peak flow meter",
        (LOINC, "11524-6"): "EKG study",
        (MDC, "147842"): "MDC_ECG_HEART_RATE",
        (MDC, "151562"): "MDC_RESP_RATE",
        (MDC, "150456"): "MDC_PULS_OXIM_SAT_O2",
        (MDC, "150448"): "MDC_PULS_OXIM_PERF_REL",
        (MDC, "150452"): "MDC_PULS_OXIM_PLETH",
        (MDC, "150364"): "MDC_TEMP_BODY",
        (MDC, "150388"): "MDC_TEMP_SKIN",
        (MDC, "150020"): "MDC_PRESS_BLD_NONINV",
        (MDC, "150021"): "MDC_PRESS_BLD_NONINV_SYS",
        (MDC, "150022"): "MDC_PRESS_BLD_NONINV_DIA",
        (MDC, "150023"): "MDC_PRESS_BLD_NONINV_MEAN",
        (MDC, "188736"): "MDC_MASS_BODY_ACTUAL",
        (MDC, "160368"): "MDC_CONC_GLU_UNDETERMINED_PLASMA",
        (MDC, "131329"): "MDC_ECG_ELEC_POTL_I",
        (MDC, "131330"): "MDC_ECG_ELEC_POTL_II",
        (SNOMED, "248234008"): "Mentally alert",
        (SNOMED, "130987000"): "Acute confusion",
        (SNOMED, "300202002"): "Responds to voice",
        (SNOMED, "450847001"): "Responds to pain",
        (SNOMED, "422768004"): "Unresponsive",
        (SNOMED, "1104051000000101"): "Royal College of Physicians NEWS2 (National Early Warning Score 2) total score",
        (_CATEGORY, "vital-signs"): "Vital Signs",
        (_CATEGORY, "laboratory"): "Laboratory",
        (_CATEGORY, "activity"): "Activity",
        (_CATEGORY, "survey"): "Survey",
        (_CATEGORY, "procedure"): "Procedure",
        (_ABSENT, "error"): "Error",
        (_ABSENT, "not-performed"): "Not Performed",
        (_ABSENT, "unknown"): "Unknown",
    }
)
