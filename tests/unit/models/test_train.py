"""The training script from end to end on made-up patients, where heart rate and consciousness kill."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from alerting.models import datasets, deterioration, train
from alerting.models.deterioration import Figure

PATIENTS, HOURS = 120, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three files: in both data sets a heart rate above 100 goes with the outcome."""
    rng = np.random.default_rng(5)
    made = tmp_path_factory.mktemp("data")
    rate = rng.uniform(60, 140, (2, PATIENTS)).round()
    happened = rng.random((2, PATIENTS)) < expit((rate - 105) / 6)
    vitals, hourly = ["RecordID,minute,param,value"], [datasets_header()]
    for who in range(PATIENTS):
        vitals += [f"{who},0,Age,60", f"{who},0,Gender,{who % 2}", f"{who},0,ICUType,3"]
        for hour in range(HOURS):
            vitals.append(f"{who},{60 * hour},HR,{rate[0, who] + rng.integers(-4, 5)}")
            hourly.append(f"p{who},{rate[1, who] + rng.integers(-4, 5)},,,,,,,,,60,1,0,{hour},{int(happened[1, who])}")
    outcomes = ["RecordID,In-hospital_death", *(f"{who},{int(happened[0, who])}" for who in range(PATIENTS))]
    for name, lines in zip(datasets.FILES, (vitals, outcomes, hourly), strict=True):
        text = ("\n".join(lines) + "\n").encode()
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return made


def datasets_header() -> str:
    """Return the first line of the hourly table."""
    return "patient,HR,O2Sat,Temp,SBP,MAP,DBP,Resp,EtCO2,FiO2,Age,Gender,HospAdmTime,ICULOS,SepsisLabel"


def trained(folder: Path, out: Path) -> deterioration.Weights:
    """Run the command and read what it wrote."""
    train.main(["--data", str(folder), "--out", str(out), "--repeats", "1", "--made-on", "2000-01-01"])
    return deterioration.parsed(out.read_text(encoding="utf-8"))


def found(weights: deterioration.Weights, data: str, what: str) -> Figure:
    """Return a figure of all patients."""
    return next(each for each in weights.figures if (each.data, each.group, each.what) == (data, "all", what))


def test_script_finds_what_was_planted(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The weights rise with the heart rate, nothing else has a say, and the figures are printed and kept."""
    weights = trained(folder, tmp_path / "weights.toml")

    assert found(weights, datasets.DEATHS, "score AUROC last").found > 0.9
    assert found(weights, datasets.SEPSIS, "score AUROC hour").found > 0.9
    printed = capsys.readouterr().out
    assert f"score AUROC last             {found(weights, datasets.DEATHS, 'score AUROC last').found:.4f}" in printed
    for effect in deterioration.model(weights).effects:
        risen = effect.heights[-1] - effect.heights[0]
        assert (risen > 0.1) if effect.feature == ("heart_rate", "day_mean") else True
        assert effect.signal == "heart_rate" or max(map(abs, effect.heights)) < 0.01


def test_script_writes_where_the_weights_come_from(folder: Path, tmp_path: Path) -> None:
    """Counts, checksum, date and version stand in the file."""
    training = trained(folder, tmp_path / "weights.toml").training

    assert training.made_on == "2000-01-01"
    assert training.files_sha256 == datasets.checksum(folder)
    assert [each.patients for each in training.data] == [PATIENTS, PATIENTS]
    assert training.data[0].rows == PATIENTS * HOURS


def test_training_twice_gives_the_same_file(folder: Path, tmp_path: Path) -> None:
    """The same data give the same bytes."""
    once, again = tmp_path / "once.toml", tmp_path / "again.toml"
    trained(folder, once)
    trained(folder, again)

    assert once.read_bytes() == again.read_bytes()
