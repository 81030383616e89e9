"""`python -m alerting.models.train --data FOLDER`: fits the deterioration score and prints what it is worth.

Deterministic: the same files give the same weights and figures. Every figure is cross-validated over patients: whoever
is scored was in no training part; the folds are drawn anew `REPEATS` times and the figures averaged. One model for both
data sets: they share every effect and differ in the intercept only. Of the two intercepts the one of deaths is kept.
A shell: reads the folder, writes the file of weights. Not here: the loss (`fit`), the figures (`figures`).
"""

import argparse
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np

from alerting.models import datasets, deterioration, figures
from alerting.models.datasets import Cohort
from alerting.models.fit import Fitted, Rows, design, effects, fit
from alerting.models.shapes import SHAPES
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.risk_features import features
from alerting.signal.risk_model import Model, Reach
from ward.clock import SystemClock

VERSION: Final = 1
FOLDS: Final = 5
REPEATS: Final = 3
RIDGE: Final = 1e-3
ROUGHNESS: Final = 1e-3
"""Chosen by cross-validated log loss and AUROC among 1e-4 to 1e-2; the figures hardly change in between."""
DECIMALS: Final = 3
