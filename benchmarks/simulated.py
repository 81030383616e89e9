"""Simulated bodies beside real ones: heart beats, minutes, hours and waves of both, measured alike.

`python -m benchmarks.simulated --data FOLDER [--plot docs/simulated.png]`, the folder with public recordings as
`benchmarks.annotated` reads them: people in intensive care and with Holter recorders, as nobody has recorded people at
home for us. Prints the quartiles of both and the share of the simulated that lies within nine tenths of the real ones;
then what bodies and waveforms cost. `--cost` prints that alone and needs no folder.
"""

import argparse
import csv
import gzip
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from benchmarks import annotated, body_figures
from benchmarks.body_figures import Floats
from simulator import device, scenario
from simulator.physiology import Baseline, Body, vitals_at
from simulator.waves import beats, breaths
from simulator.waves.channels import CHANNELS, sampled
from ward.vitals import VitalKind

Sample = tuple[str, str, float]  # group, figure, value

_NIGHT, _DAY = 2 * 3600.0, 14 * 3600.0
_MONITOR: Final = {"heart rate": "HR", "breaths": "RESP", "SpO2": "SpO2"}
_HOURLY: Final = {"heart rate": "HR", "breaths": "Resp", "SpO2": "O2Sat", "temperature": "Temp", "systolic": "SBP",
                  "diastolic": "DBP"}  # fmt: skip
_FIELDS: Final = {"heart rate": "heart_rate", "breaths": "resp_rate", "SpO2": "spo2", "temperature": "temperature",
                  "systolic": "systolic", "diastolic": "diastolic"}  # fmt: skip


def main() -> None:
    """Measure, print, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--cost", action="store_true")
    given = parser.parse_args()
    if not given.cost:
        if given.data is None:
            parser.error("give --data FOLDER, or --cost")
        both = _grouped(real(given.data)), _grouped(made())
        _print(*both)
        if given.plot:
            _plot(*both, given.plot)
    cost()


def _named(group: str, found: Iterable[Mapping[str, float]]) -> Iterator[Sample]:
    for each in found:
        yield from ((group, name, value) for name, value in each.items())


def real(folder: Path) -> Iterator[Sample]:
    """Yield the figures of the recordings of a folder."""
    for kind, sets in (("mitdb", annotated.mitdb), ("ltafdb_rr", annotated.ltafdb)):
        for name in annotated.names(folder, kind, ".hea" if kind == "mitdb" else ".csv.xz"):
            read = sets(folder, name)
            yield from _annotated(read if isinstance(read, annotated.Annotations) else read.annotations)
    for path in sorted((folder / "welltory_ppg").glob("*_RR.txt")):
        at_s = np.cumsum(np.array(path.read_text().split(), float)) / 1000
        pieces = body_figures.intervals(np.concatenate(([0.0], at_s, [at_s[-1] + 300])), np.ones(len(at_s) + 2, bool))
        yield from _named("beats, young", pieces)
    for name in annotated.names(folder, "bidmc", "_Signals.csv.xz"):
        record = annotated.bidmc(folder, name)
        yield from _named("minutes", [body_figures.minutes({key: record.numerics[of] for key, of in _MONITOR.items()})])
        yield from _named("waves", [body_figures.waves(record.ppg, record.ecg, record.fs_hz)])
        yield from _named("waves", [body_figures.breaths(each / record.fs_hz) for each in record.breaths])
    stays = [body_figures.hours(each) for each in _stays(folder / "cinc2019" / "hourly_vitals_setA.csv.gz")]
    for group in ("hours", "hours, variety 0"):
        yield from _named(group, stays)


def _annotated(read: annotated.Annotations) -> Iterator[Sample]:
    at_s, symbol = read.sample[read.is_beat] / read.fs_hz, read.symbol[read.is_beat]
    changes = np.flatnonzero(np.char.startswith(read.aux, "("))
    names = np.concatenate((["?"], read.aux[changes]))
    rhythm = names[np.searchsorted(read.sample[changes], read.sample[read.is_beat], side="right")]
    sinus = (rhythm == "(N") & (symbol == "N")
    yield from _named("beats, old", body_figures.intervals(at_s, sinus))
    for part in np.split(np.arange(len(at_s)), np.flatnonzero(np.diff((rhythm == "(AFIB").astype(int))) + 1):
        if len(part) > 2 and rhythm[part[0]] == "(AFIB":
            yield from _named("fibrillation", body_figures.fibrillating(at_s[part]))


def _stays(path: Path) -> Iterator[Mapping[str, Floats]]:
    """Yield the hours of each stay without sepsis."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(path, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            rows[row["patient"]].append(row)
    for stay in rows.values():
        if len(stay) >= 24 and not any(row["SepsisLabel"] == "1" for row in stay):
            yield {key: np.array([float(row[of] or "nan") for row in stay]) for key, of in _HOURLY.items()}


def made() -> Iterator[Sample]:
    """Yield the same figures of simulated bodies."""
    for seed in range(24):
        old = Body(seed=seed, baseline=Baseline(age_years=58 + 1.3 * seed, heart_rate=60 + seed, mobility=0.3))
        young = Body(seed=seed, baseline=Baseline(age_years=22 + seed, heart_rate=62 + 0.8 * seed, mobility=0.0))
        ill = Body(seed=seed, baseline=Baseline(age_years=75, heart_rate=84 + seed, irregularity=8.0, mobility=0.2))
        for at_s in (_DAY, _NIGHT):
            yield from _named("beats, old", _beats(old, at_s))
            found = beats.between(ill, at_s, at_s + 601)
            yield from _named("fibrillation", body_figures.fibrillating(found.at_s))
        yield from _named("beats, young", _beats(young, _DAY))
        calm = Baseline(heart_rate=66 + 1.5 * seed, resp_rate=13 + 0.4 * seed, mobility=0.0)
        resting = Body(seed=seed, baseline=calm)
        yield from _named("minutes", [body_figures.minutes(_measured(resting, 1.0, 480.0, tuple(_MONITOR)))])
        wave, lead = (_channel(resting, each, _DAY, 480) for each in ("ppg.pleth", "ecg.II"))
        yield from _named("waves", [body_figures.waves(wave, lead[::2], 125.0)])
        taken = breaths.between(resting, _DAY, _DAY + 480)
        yield from _named("waves", [body_figures.breaths(taken.at_s)])
    for entry in scenario.load_roster():
        for seed in range(6):
            worn = scenario.kit(entry, seed=seed, clock_s=36_000.0, on_at_s=0.0)
            varied = replace(worn.body, baseline=replace(worn.body.baseline, variety=1.0))
            for group, body in (("hours", varied), ("hours, variety 0", worn.body)):
                yield from _named(group, [body_figures.hours(_measured(body, 3600.0, 48 * 3600.0, tuple(_HOURLY)))])


def _measured(body: Body, every_s: float, lasts_s: float, names: Iterable[str]) -> Mapping[str, Floats]:
    """Return what a device makes of some vital signs of a body."""
    kinds = {name: VitalKind(_FIELDS[name]) for name in names}
    plan = device.Plan(every_s=MappingProxyType(dict.fromkeys(kinds.values(), every_s)))
    found = device.samples(device.Kit(device_id="x", body=body, plan=plan, on_at_s=_DAY), _DAY, _DAY + lasts_s)
    return {name: np.array([each.value for each in found if each.kind is kind]) for name, kind in kinds.items()}


def _beats(body: Body, at_s: float) -> Iterator[Mapping[str, float]]:
    found = beats.between(body, at_s, at_s + 601)
    return body_figures.intervals(found.at_s, ~found.ventricular)


def _channel(body: Body, name: str, from_s: float, lasts_s: float) -> Floats:
    channel = CHANNELS[name]
    found = sampled(body, channel, round(from_s * channel.fs_hz), round(lasts_s * channel.fs_hz))
    return np.frombuffer(found.samples, "<i2") * found.scale + found.offset


Figures = dict[tuple[str, str], Floats]


def _grouped(samples: Iterable[Sample]) -> Figures:
    found = defaultdict(list)
    for group, name, value in samples:
        if np.isfinite(value):
            found[group, name].append(value)
    return {key: np.array(found[key]) for key in sorted(found, key=lambda each: each[0])}


def _print(of_real: Figures, of_made: Figures) -> None:
    print("| | what | real: n | quartiles | simulated: n | quartiles | within 90 % of the real |")
    print("|---|---|---|---|---|---|---|")
    for group, name in of_real:
        cells = [group, name]
        for each in (of_real[group, name], of_made[group, name]):
            cells += [str(len(each)), " ".join(f"{quartile:.3g}" for quartile in np.percentile(each, (25, 50, 75)))]
        low, high = np.percentile(of_real[group, name], (5, 95))
        inside = np.mean((of_made[group, name] >= low) & (of_made[group, name] <= high))
        print(f"| {' | '.join(cells)} | {inside:.0%} |", flush=True)


def _plot(of_real: Figures, of_made: Figures, path: Path) -> None:
    columns = 6
    figure = Figure(figsize=(3 * columns, 2.3 * -(-len(of_real) // columns)), layout="constrained")
    for place, key in enumerate(of_real, 1):
        axes = figure.add_subplot(-(-len(of_real) // columns), columns, place)
        both = np.concatenate((of_real[key], of_made[key]))
        low, high = np.percentile(both, (1, 99))
        edges = np.linspace(low, high, 24)
        for values, colour, label in ((of_real[key], "#9a9a9a", "real"), (of_made[key], "#1f6fb4", "simulated")):
            axes.hist(values, edges.tolist(), density=True, color=colour, alpha=0.6, label=label)
        axes.set_title(f"{key[0]}: {key[1]}", fontsize=8)
        axes.set_yticks([])
        axes.tick_params(labelsize=7)
        if place == 1:
            axes.legend(fontsize=7)
    figure.savefig(path, dpi=70)


def cost() -> None:
    """Print how many bodies and channels a core keeps up with."""
    bodies = [Body(seed=seed, baseline=Baseline(age_years=60.0 + seed)) for seed in range(50)]
    print("\n| what | CPU ms | a core keeps up with |\n|---|---|---|")
    minute = np.arange(0.0, 60.0, 5.0)
    _price("a body's vital signs, a minute of them every 5 s", bodies, lambda body: vitals_at(body, minute), 60.0)
    for name in ("ecg.II", "ppg.pleth", "resp.impedance", "accel.z"):
        channel = CHANNELS[name]
        size = round(10 * channel.fs_hz)

        def block(body: Body, number: int = 0) -> None:
            sampled(body, channel, number * size, size)  # noqa: B023 - called before the loop goes on

        _price(f"{name}, ten seconds, of a body that is known", bodies, block, 10.0)
    fresh = [Body(seed=1000 + seed) for seed in range(40)]
    began = time.process_time()
    for body in fresh:
        beats.between(body, 0.0, 10.0)
    spent_ms = 1000 * (time.process_time() - began) / len(fresh) / 3
    print(f"| beats and breaths of a new stretch of four minutes | {spent_ms:.2f} | {240_000 / spent_ms:,.0f} |")


def _price(what: str, bodies: list[Body], work: Callable[[Body], object], lasts_s: float) -> None:
    for body in bodies:
        work(body)
    best = []
    for _ in range(3):
        began = time.process_time()
        for body in bodies:
            work(body)
        best.append(1000 * (time.process_time() - began) / len(bodies))
    print(f"| {what} | {min(best):.2f} | {1000 * lasts_s / min(best):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
