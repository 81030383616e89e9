"""A soak as a picture: memory, lag and latency, CPU, minute by minute."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.soak import Minute


def plot(path: Path, minutes: Sequence[Minute]) -> None:
    """Draw what was seen."""
    at = [each.minute for each in minutes]
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    memory, waits, cpu = figure.subplots(1, 3)
    for name in minutes[0].memory:
        if name != "devices":
            memory.plot(at, [each.memory[name] for each in minutes], label=name)
        cpu.plot(at, [each.cpu[name] for each in minutes], label=name)
    waits.plot(at, [each.puback_p50_ms for each in minutes], label="PUBACK p50")
    waits.plot(at, [each.puback_p99_ms for each in minutes], label="PUBACK p99")
    waits.plot(at, [each.alert_p50_ms for each in minutes], label="alert on a board p50")
    waits.plot(at, [each.lag_s * 1e3 for each in minutes], label="evaluation lag, worst")
    for axes, name in ((memory, "MiB"), (waits, "ms"), (cpu, "cores")):
        axes.set(xlabel="minute", ylabel=name)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(frameon=False, fontsize=7)
    waits.set(yscale="log")
    for axes in (memory, cpu):
        axes.set(ylim=(0, None))
    figure.savefig(path, dpi=80)
