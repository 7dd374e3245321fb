"""Timing and shape are what eFEL, the field's own tool, calls by these names."""

from pathlib import Path

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley
from mechfit.summaries import Extended

efel = pytest.importorskip("efel")

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "hodgkin_huxley.npz")
WINDOW = (10.0, 110.0)
EXTENDED = Extended(lags=())
FEATURES = [
    "peak_time",
    "time_to_first_spike",
    "all_ISI_values",
    "ISI_CV",
    "adaptation_index",
    "AP_begin_time",
    "AP_begin_voltage",
    "AP_amplitude",
    "AP_duration_half_width",
    "AP_end_indices",
    "min_between_peaks_values",
]
EXACT = 1e-8
"""In mV and ms: eFEL adds up time step by step and interpolates at its sums, which moves a
voltage by 1e-10."""
FINE = 0.025
"""At a longer step spikes are timed between samples, and eFEL's at them."""


def peer(voltage, dt):
    """Features of the step; the fall ends at the trough, for eFEL's own end may lie above half."""
    efel.reset()
    for name, value in {
        "Threshold": -10.0,
        "interp_step": dt,
        "strict_stiminterval": True,
        "ignore_first_ISI": False,
        "spike_skipf": 0.0,
        "DownDerivativeThreshold": 0.0,
    }.items():
        efel.set_setting(name, value)
    voltage = voltage[: round(WINDOW[1] / dt)]  # eFEL looks for the last fall after the step, too
    trace = {"T": dt * np.arange(voltage.size), "V": voltage}
    trace |= {"stim_start": [WINDOW[0]], "stim_end": [WINDOW[1]]}
    found = efel.get_feature_values([trace], FEATURES, raise_warnings=False)[0]
    return {name: np.array([]) if value is None else value for name, value in found.items()}


def compare(voltage, dt):
    """Compare what both define; return how many of timing and shape that was."""
    x = dict(zip(EXTENDED.names, EXTENDED(voltage, dt, WINDOW)[0], strict=True))
    other = peer(voltage, dt)
    count = len(other["peak_time"])
    if count == 0 or x["spike_count"] != count:  # bumps above the threshold are spikes to us alone
        assert (count == 0) == (x["spike_count"] == 0)
        return 0, 0
    late, near = (dt, EXACT) if dt <= FINE else (dt / 4, dt / 2)
    assert other["time_to_first_spike"][0] == pytest.approx(x["latency"] + late, abs=near)
    if count > 1:
        assert other["all_ISI_values"].mean() == pytest.approx(x["isi_mean"], abs=near)
    if count > 2:
        assert other["ISI_CV"][0] == pytest.approx(x["isi_cv"], abs=near / 10)
    if count > 3:
        assert other["adaptation_index"][0] == pytest.approx(x["adaptation"], abs=near / 10)
    begins = other["AP_begin_time"]
    cut = len(begins) < count or len(other["AP_end_indices"]) < count
    if cut or begins[0] < WINDOW[0] + 1.5 * dt:  # not all spikes are whole to us
        return 1, 0
    threshold = other["AP_begin_voltage"]
    depth = (threshold - other["min_between_peaks_values"]).mean()
    assert threshold.mean() == pytest.approx(x["spike_threshold"], abs=EXACT)
    assert other["AP_amplitude"].mean() == pytest.approx(x["spike_height"], abs=EXACT)
    assert depth == pytest.approx(x["ahp_depth"], abs=EXACT)
    # eFEL's two ends are the samples nearest to half height, each at most dt / 2 away
    width = other["AP_duration_half_width"].mean()
    assert width == pytest.approx(x["spike_width"], abs=dt + EXACT)
    return 1, 1


@pytest.mark.parametrize(
    ("voltage", "dt", "both"),
    [
        (GOLDEN["V_full_gt"], 0.01, (1, 1)),
        (GOLDEN["noisy_gt_V"], 0.01, (1, 1)),
        *((v.astype(float), 0.1, None) for v in GOLDEN["V_sub"]),
    ],
)
def test_golden_traces(voltage, dt, both):
    assert compare(voltage, dt) == both or both is None


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_simulated_traces(noise):
    model = HodgkinHuxley(precision="float64")
    theta = GOLDEN["prior_theta"][:60].copy()
    theta[:, 6] *= noise
    traces = model.simulate(theta, seed=1)
    timing, shape = np.sum([compare(v, model.dt) for v in traces.voltage[:, 0]], axis=0)
    spiking = np.count_nonzero(model.summarize(traces)[:, 0])
    assert timing >= 0.95 * spiking
    assert shape >= 0.75 * spiking
