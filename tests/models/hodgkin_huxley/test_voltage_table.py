"""A sweep in a CSV file becomes a recording in the model's units, or is refused in words."""

import numpy as np
import pytest

from mechfit.models import HodgkinHuxley, read_recording

MODEL = HodgkinHuxley(duration=160.0, dt=0.05)
VOLTAGE = MODEL.simulate(MODEL.truth, seed=1).voltage[0, 0]
AREA = 1e-4
HEAD = "time_ms,voltage_mV,current_uA/cm2"


def write(path, head=HEAD, factors=(1, 1, 1), mark=",", current=MODEL.current):
    columns = np.stack([MODEL.time, VOLTAGE, current], 1) * factors
    lines = [mark.join(f"{value:.9g}" for value in row) for row in columns]
    text = "\n".join([head, *lines])
    path.write_text(text.replace(".", ",") if mark == ";" else text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "factors", "mark"),
    [
        (HEAD, (1, 1, 1), ","),
        ("t (s);Vm [V];I (nA)", (1e-3, 1e-3, 1e3 * AREA), ";"),
        ("time_us\tv_µV\tstimulus_pA", (1e3, 1e3, 1e6 * AREA), "\t"),
    ],
)
def test_units_are_converted(tmp_path, head, factors, mark):
    recording = read_recording(write(tmp_path / "a.csv", head, factors, mark), area=AREA)
    cell = recording.cell("a")
    assert cell.current == pytest.approx(MODEL.current.max())
    assert recording.window == pytest.approx((10.0, 110.0), abs=0.051)
    wanted = MODEL.summarize(MODEL.simulate(MODEL.truth, seed=1))[0]
    np.testing.assert_allclose(cell.x, wanted, rtol=0.02)
    assert len(recording.traces.time) == 10 / 0.05 + 100 / 0.05 + 5 / 0.05 + 1


@pytest.mark.parametrize(
    ("head", "factors", "current", "reason"),
    [
        ("time,voltage_mV,current_pA", (1, 1, 1), 1, "time is missing, or has no unit"),
        ("time_ms,voltage_mV", (1, 1, 1), 1, "current is missing.*uA/cm2"),
        ("time_ms,voltage_kV,current_pA", (1, 1, 1), 1, "voltage is in 'kV'.*mV"),
        (HEAD, (1, 1, 0), 1, "stimulus of 0 throughout"),
        (HEAD.replace("mV", "V"), (1, 1, 1), 1, "times too large: are unit and conversion"),
        (HEAD, (0, 1, 1), 1, "expected even ones"),
        (HEAD, (1, np.nan, 1), 1, "voltage is not finite"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, head, factors, current, reason):
    path = write(tmp_path / "a.csv", head, factors)
    with pytest.raises(ValueError, match=reason):
        read_recording(path, area=AREA)


def test_a_current_in_amperes_needs_the_area(tmp_path):
    path = write(tmp_path / "a.csv", "time_ms,voltage_mV,current_pA", (1, 1, 100))
    with pytest.raises(ValueError, match="in pA, and the model's is in µA/cm²: give"):
        read_recording(path)
    with pytest.raises(ValueError, match="area is 5e"):
        read_recording(path, area=5e7)


def test_broken_files_are_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}\n1,2,3\n1,x,3\n")
    with pytest.raises(ValueError, match="without three numbers.*'x'"):
        read_recording(path)
    path.write_text("")
    with pytest.raises(ValueError, match="has the columns none"):
        read_recording(path)
    path.write_text(f"{HEAD}\n1,2,3\n2,3,4\n")
    with pytest.raises(ValueError, match="2 samples"):
        read_recording(path)
    with pytest.raises(FileNotFoundError):
        read_recording(tmp_path / "none.csv")
