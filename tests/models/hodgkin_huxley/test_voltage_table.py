"""A sweep in a CSV file becomes a recording in the model's units, or is refused in words."""

import struct

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
        (HEAD, (0, 1, 1), 1, "expected even ones$"),
        ("voltage_mV,time_ms,current_pA", (1, 1, 1), 1, "even ones; are the columns .* exchanged"),
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


STEP = 1e6 * AREA * MODEL.current.max(), 10.0, 110.0


def test_a_file_without_its_current_is_told_the_step(tmp_path):
    whole = read_recording(write(tmp_path / "a.csv"))
    lines = (tmp_path / "a.csv").read_text("utf-8").splitlines()
    path = tmp_path / "b.csv"
    path.write_text("\n".join(line.rpartition(",")[0] for line in lines), "utf-8")
    recording = read_recording(path, area=AREA, step=STEP)
    assert recording.window == whole.window
    np.testing.assert_allclose(recording.current, whole.current)
    np.testing.assert_array_equal(recording.traces.voltage, whole.traces.voltage)
    with pytest.raises(ValueError, match="in pA, and the model's is in"):
        read_recording(path, step=STEP)
    with pytest.raises(ValueError, match=r"step has shape \(1, 3\)"):
        read_recording(path, area=AREA, step=[STEP])
    path.write_text("time_ms,voltage_mV\n1,2\n1,x\n", "utf-8")
    with pytest.raises(ValueError, match="without two numbers"):
        read_recording(path, area=AREA, step=STEP)


def abf(path, voltage, unit=b"mV"):
    """Write one sweep as ABF 1, which holds no stimulus, in steps of 0.005 mV."""
    header = bytearray(6144)
    counts = np.round(voltage / 0.005).astype("<i2")

    def put(offset, kind, *values):
        struct.pack_into("<" + kind, header, offset, *values)

    put(0, "4sf", b"ABF ", 1.83)
    put(8, "hi", 5, len(counts))
    put(16, "i", 1)  # sweeps
    put(20, "i", 20100101)
    put(40, "i", 12)  # block where the data begin
    put(100, "h", 0)
    put(120, "hf", 1, 1e3 * MODEL.dt)  # channels; µs between samples
    put(138, "i", len(counts))
    put(244, "f", 10.0)  # range (V) and counts of the converter
    put(252, "i", 32768)
    put(378, "16h", *range(16))
    put(410, "16h", 0, *[-1] * 15)
    put(442, "10s", b"IN 0".ljust(10))
    put(602, "8s", unit.ljust(8))
    put(730, "16f", *[1.0] * 16)
    put(922, "16f", 10.0 / 32768 / 0.005, *[1.0] * 15)  # volts of the converter per mV
    put(1050, "16f", *[1.0] * 16)
    path.write_bytes(bytes(header) + counts.tobytes())
    return path


def test_sweeps_of_abf_files(tmp_path):
    pytest.importorskip("neo")
    path = abf(tmp_path / "a.abf", VOLTAGE)
    recording = read_recording(path, area=AREA, step=STEP, after=50.0)
    np.testing.assert_allclose(recording.traces.voltage[0, 0], VOLTAGE, atol=0.0026)
    np.testing.assert_allclose(recording.current, MODEL.current)
    how = {"area": AREA, "step": STEP}
    with pytest.raises(ValueError, match="sweep is 3, expected 0 to 0"):
        read_recording(path, **how, sweep=3)
    with pytest.raises(ValueError, match="no current, expected a step"):
        read_recording(path, area=AREA)
    with pytest.raises(ValueError, match="has channels in pA, expected one in mV"):
        read_recording(abf(path, VOLTAGE, b"pA"), **how)
    path.write_bytes(b"no recording")
    with pytest.raises(ValueError, match="is no readable ABF file"):
        read_recording(path, **how)
    with pytest.raises(FileNotFoundError, match="no file"):
        read_recording(tmp_path / "b.abf", **how)


@pytest.mark.parametrize("change", [{}, {"nWaveformEnable": 0}, {"nWaveformSource": 2}, None])
def test_commanded_steps_of_abf_2_are_the_current(tmp_path, monkeypatch, change):
    """The format is neo's; compared with pyabf on files of its repository, steps are the same."""
    rawio = pytest.importorskip("neo.rawio")

    class Second(rawio.AxonRawIO):
        def parse_header(self):
            super().parse_header()
            self.raw_annotations["blocks"][0]["abf_version"] = 2.6
            dac = {"nWaveformEnable": 1, "nWaveformSource": 1} | (change or {})
            kind = {"nEpochType": 2 if change is None else 1}
            self._axon_info |= {"listDACInfo": [dac, dac], "dictEpochInfoPerDAC": {1: {0: kind}}}

        def read_raw_protocol(self):
            command = 20.0 + 1e6 * AREA * MODEL.current
            return [[0 * command, command]], ["Cmd 0", "Cmd 1"], ["mV", "pA"]

    monkeypatch.setattr(rawio, "AxonRawIO", Second)
    path = abf(tmp_path / "a.abf", VOLTAGE)
    if change == {}:
        recording = read_recording(path, area=AREA, after=50.0)
        np.testing.assert_allclose(recording.current, MODEL.current, atol=1e-12)
    else:
        with pytest.raises(ValueError, match="no current, expected a step"):
            read_recording(path, area=AREA)
