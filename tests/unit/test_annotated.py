"""Annotated recordings: each reader gives what its data set's description says."""

from pathlib import Path

import numpy as np

from benchmarks import annotated


def test_mitdb_record_has_two_leads_in_millivolts_and_its_beats(recordings: Path) -> None:
    """Record 100 has 30 minutes and the 2,273 beats of its published table."""
    record = annotated.mitdb(recordings, "100")

    assert record.ecg_mv.shape == (2, 650_000)
    assert record.annotations.is_beat.sum() == 2273
    np.testing.assert_allclose(record.ecg_mv[:, 0], [-0.145, -0.065])
    assert "100" in annotated.names(recordings, "mitdb", ".dat.xz")


def test_noise_stress_record_has_its_peaks(recordings: Path) -> None:
    """Two minutes at each of four noise levels, annotated alike."""
    found = [annotated.nstdb(recordings, snr_db) for snr_db in (24, 12, 6, 0)]

    assert {each.ecg_mv.shape[0] for each in found} == {1}
    assert all(len(each.annotations.sample) > 100 for each in found)
    assert all(each.annotations.sample.max() < each.ecg_mv.shape[1] for each in found)


def test_bidmc_record_has_signals_breaths_and_numerics(recordings: Path) -> None:
    """Eight minutes at 125 Hz, breaths of two annotators, the monitor's values."""
    record = annotated.bidmc(recordings, "bidmc_03")

    assert record.ppg.shape == record.ecg.shape == record.resp.shape == (60_001,)
    assert [each[0] for each in record.breaths] == [293, 314]
    assert record.numerics["HR"][0] == 77


def test_challenge_alarms_have_their_truth_and_channels(recordings: Path) -> None:
    """Each alarm has a minute of each channel at 250 Hz; true and false ones are there."""
    found = list(annotated.cinc2015(recordings))

    assert len(found) == 97
    assert sum(each.is_true for each in found) == 39
    assert {len(values) for each in found for values in each.channels.values()} == {15_000}


def test_challenge_strips_have_their_label(recordings: Path) -> None:
    """300 strips of 9 to 61 s, of four labels, in millivolts."""
    found = list(annotated.cinc2017(recordings))

    assert len(found) == 300
    assert {each.label for each in found} == {"N", "A", "O", "~"}
    assert all(9 <= len(each.ecg_mv) / each.fs_hz <= 61.1 for each in found)
    assert np.median([np.ptp(each.ecg_mv) for each in found]) < 10


def test_long_term_record_has_a_day_of_beats(recordings: Path) -> None:
    """About 24 hours of beats in rising order with the rhythms between them."""
    found = annotated.ltafdb(recordings, "00")

    assert 20 <= found.sample[-1] / found.fs_hz / 3600 <= 26
    assert (np.diff(found.sample) >= 0).all()
    assert "(AFIB" in found.aux
