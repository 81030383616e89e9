"""Arrays in, arrays out: waveforms and vital signs to features that a rule may trust. No store, no clock, no plan.

What every module here keeps to:

- A signal is (samples,) for one record or (n, samples) for a batch, uniform at `fs_hz`; time runs along the last axis.
  A record's result does not depend on what else is in its batch.
- NaN and infinities are missing samples. Nothing is interpolated across a gap longer than `records.BRIDGED_S`.
- Whatever is decided about the time t depends on the samples of [t - BACK_S, t + AHEAD_S] only, two constants of the
  module that decides; so a stream cut in any way gives what the whole record gives (`stream`).
- A feature carries the quality that it was computed at; a value that cannot be read is NaN with a reason, not a guess.
- A wrong argument is a ValueError that names the argument, the value and the rule.
"""
