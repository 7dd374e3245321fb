"""Current-clamp sweeps of NWB files: right to 1e-9, or refused with the reason."""

import re
import subprocess
import sys
import warnings
from datetime import UTC, datetime

import numpy as np
import pytest

from mechfit.models import Cell, HodgkinHuxley, load_recording

h5py = pytest.importorskip("h5py")
pynwb = pytest.importorskip("pynwb")
icephys = pytest.importorskip("pynwb.icephys")

AREA = 1.8e-4
COUNTS = np.random.default_rng(1).integers(-3000, 1000, 6000).astype(np.int16)
CLOCK = {"timestamps": 12.5 + np.arange(6000) / 5e4, "rate": None, "starting_time": None}


def pulses(*parts, samples=6000):
    """Currents (pA) between some samples, 0 elsewhere."""
    data = np.zeros(samples, np.int16)
    for start, end, height in parts:
        data[start:end] = height
    return data


TEST_PULSE, STEP = (500, 750, -50), (2000, 5000, 90)  # of 5 and of 60 ms


def response(data=COUNTS, **keywords):
    scale = {"conversion": 2.5e-5, "offset": -0.01, "rate": 5e4, "starting_time": 12.5}
    return icephys.CurrentClampSeries, {"data": data, **scale, **keywords}


def stimulus(*parts, data=None, **keywords):
    data = pulses(*parts or (TEST_PULSE, STEP)) if data is None else data
    scale = {"conversion": 1e-12, "rate": 5e4, "starting_time": 12.5}
    return icephys.CurrentClampStimulusSeries, {"data": data, **scale, **keywords}


def write(path, *sweeps, table=None):
    """Write sweeps (number, response, stimulus or None), or rows of the table of recordings."""
    file = pynwb.NWBFile("made for a test", "test", datetime(2020, 1, 1, tzinfo=UTC))
    device = file.create_device(name="amplifier")
    electrode = file.create_icephys_electrode(name="glass", description="", device=device)
    for row, (number, *pair) in enumerate(sweeps):
        numbered = {} if table is not None else {"sweep_number": number}
        made = {
            kind: series[0](
                name=f"{kind}_{number}_{row}", electrode=electrode, **series[1], **numbered
            )
            for kind, series in zip(("response", "stimulus"), pair, strict=True)
            if series
        }
        if table is not None:
            file.add_intracellular_recording(id=number, electrode=electrode, **made, **table)
        else:
            file.add_acquisition(made["response"])
            if "stimulus" in made:
                file.add_stimulus(made["stimulus"])
    with warnings.catch_warnings(), pynwb.NWBHDF5IO(path, "w") as io:
        warnings.simplefilter("ignore")
        io.write(file)
    return path


def load(path, sweep=7, **keywords):
    return load_recording(path, sweep, **{"area": AREA, "before": 20.0, **keywords})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cell.nwb"


def test_every_number_is_right(path):
    coded = stimulus(data=pulses(TEST_PULSE, STEP) - 100, offset=1e-10)
    write(path, (7, response(), coded))
    recording = load(path, junction=-14.0, after=3.0)
    assert recording.sweep == 7
    assert recording.traces.voltage.shape == (1, 1, 1000 + 3000 + 151)
    volts = COUNTS[1000:5151] * 2.5e-5 - 0.01
    tight = {"rtol": 0, "atol": 1e-9}
    np.testing.assert_allclose(recording.traces.voltage[0, 0], 1e3 * volts - 14, **tight)
    np.testing.assert_allclose(recording.traces.time, 0.02 * np.arange(4151), **tight)
    np.testing.assert_allclose(recording.window, (20.0, 80.0), **tight)
    current = np.zeros(4151)
    current[1000:4000] = 90e-6 / AREA  # 90 pA in µA
    np.testing.assert_allclose(recording.current, current, **tight)
    assert not recording.current[:1000].any()  # 0 although its conversion and offset are rounded


def test_the_recording_enters_like_a_cell_of_the_table(path):
    recording = load(write(path, (7, response(), stimulus())), junction=-14.0)
    cell = recording.cell("518290966")
    assert isinstance(cell, Cell)
    assert (cell.name, cell.sweep, cell.dt, cell.window) == ("518290966", 7, 0.02, (20.0, 80.0))
    assert cell.current == pytest.approx(0.5)
    assert cell.v_init == recording.traces.voltage[0, 0, 0]
    own, of_cell = recording.model(), cell.model()
    np.testing.assert_array_equal(own.summarize(recording.traces)[0], cell.x)
    np.testing.assert_array_equal(own.time, recording.traces.time)
    np.testing.assert_allclose(own.current, of_cell.current, rtol=1e-12)
    assert own.v_init == of_cell.v_init == cell.v_init


def test_the_round_trip_of_a_simulation(path):
    model = HodgkinHuxley()
    voltage = model.simulate(model.truth, seed=1).voltage[0, 0]
    sweep = (
        response(voltage, conversion=1e-3, offset=0.0, rate=1e5),
        stimulus(data=model.current * AREA, conversion=1e-6, rate=1e5),
    )
    recording = load(write(path, (1, *sweep)), 1, before=10.0, after=10.0)
    np.testing.assert_allclose(recording.traces.voltage[0, 0], voltage, rtol=0, atol=1e-9)
    x = model.statistics(model.truth, seed=1)
    reference = model.summarize(model.simulate(model.truth, seed=1))[0]
    np.testing.assert_allclose(recording.cell("truth").x, reference, rtol=1e-9)
    np.testing.assert_allclose(recording.model().statistics(model.truth, seed=1), x, rtol=1e-4)


def test_a_sweep_of_the_allen_institute(path):
    """Its names, numbers and files: float32 in mV and pA, units as fixed strings, a NaN tail."""
    samples = 110_000
    volts = np.random.default_rng(2).normal(-70, 5, samples).astype(np.float32)
    amperes = pulses((500, 1000, -50), (51_000, 101_000, 170), samples=samples).astype(np.float32)
    volts[105_000:] = amperes[105_000:] = np.nan
    unknown = {"starting_time": np.nan}  # as ipfx writes it, converting from version 1
    long_square = (
        response(volts, conversion=1e-3, offset=0.0, **unknown),
        stimulus(data=amperes, **unknown),
    )
    voltage_clamp = icephys.VoltageClampSeries, response()[1]
    sweeps = (0, voltage_clamp, None), (57, *long_square), (58, response(), stimulus())
    write(path, *sweeps)
    with h5py.File(path, "r+") as file:
        file["acquisition/response_57_1/data"].attrs["unit"] = np.bytes_("V")
        file["stimulus/presentation/stimulus_57_1/data"].attrs["unit"] = np.bytes_("A")
    recording = load_recording(path, 57, area=0.0234 / 126, junction=-14.0)
    cell = recording.cell("518290966")
    assert cell.window == (205.0, 1205.0)
    assert cell.current == pytest.approx(0.915385, rel=1e-6)  # the table's
    assert cell.v_init == pytest.approx(volts[51_000 - 10_250] - 14.0, abs=1e-9)
    with pytest.raises(ValueError, match=r"sweep 0 of .* \[\] .* has the sweeps \[57, 58\]"):
        load(path, 0)


def test_a_sweep_is_chosen_by_its_number(path):
    sweeps = [(n, response(COUNTS + n), stimulus((2000, 5000, 10 * n))) for n in (3, 7, 12)]
    write(path, *sweeps)
    for number in (12, 3, 7):
        recording = load(path, number)
        assert recording.traces.voltage[0, 0, 0] == pytest.approx(
            25e-3 * (COUNTS[1000] + number) - 10, abs=1e-9
        )
        assert recording.cell("").current == pytest.approx(1e-5 * number / AREA, abs=1e-9)
    with pytest.raises(ValueError, match=r"sweep 4 of .* \[\] .* has the sweeps \[3, 7, 12\]"):
        load(path, 4)


def test_a_table_of_recordings_numbers_its_rows(path):
    """Where no series has a number; a row may be a part of a longer series."""
    part = {"response_start_index": 1000, "response_index_count": 4500}
    part |= {"stimulus_start_index": 1000, "stimulus_index_count": 4500}
    sweeps = [(n, response(COUNTS + n), stimulus((2000, 5000, n))) for n in (41, 43)]
    recording = load(write(path, *sweeps, table=part), 43, after=9.0)
    assert recording.cell("").current == pytest.approx(43e-6 / AREA, abs=1e-9)
    voltage = 25e-3 * (COUNTS[1000:5451] + 43) - 10
    np.testing.assert_allclose(recording.traces.voltage[0, 0], voltage, rtol=0, atol=1e-9)
    with pytest.raises(ValueError, match=r"has the sweeps \[41, 43\]"):
        load(path, 0)
    with pytest.raises(ValueError, match="and 10 ms from its end on"):
        load(path, 43, after=10.0)


def test_even_timestamps_are_a_rate(path):
    recording = load(write(path, (7, response(**CLOCK), stimulus())))
    np.testing.assert_allclose(recording.traces.time, 0.02 * np.arange(4251), rtol=0, atol=1e-9)
    assert recording.window == pytest.approx((20.0, 80.0), abs=1e-9)
    with h5py.File(path, "r+") as file:
        del file["acquisition/response_7_0/timestamps"]
        file["acquisition/response_7_0/timestamps"] = CLOCK["timestamps"][:-1]
    with pytest.raises(ValueError, match="'response_7_0' at uneven times"):
        load(path)


UNEVEN = {**CLOCK, "timestamps": CLOCK["timestamps"] + (np.arange(6000) == 3000) / 1e5}
HOLED = np.where(np.arange(6000) == 3000, np.nan, COUNTS)
SINE = (1000 * np.sin(np.arange(6000) / 300)).astype(np.int16)
RAMP = np.clip(np.arange(6000) - 2000, 0, 3000).astype(np.int16)
RAMP[5000:] = 0


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        ((response(), None), r"responses \['response_7_0'\] and the stimuli \[\]"),
        ((response(), stimulus((0, 0, 1))), "0 throughout, expected a step"),
        ((response(), stimulus(data=SINE)), "expected a constant step"),
        (
            (response(), stimulus(data=RAMP)),
            "the longest of 0.00555556 to 16.6611 µA/cm², expected",
        ),
        ((response(), stimulus(data=RAMP + pulses(TEST_PULSE))), "last 5, 59.98 ms"),
        ((response(), stimulus((500, 750, 9), (2000, 2100, 9))), "last 5, 2 ms.*not the first"),
        ((response(), stimulus((500, 600, 9), (2000, 2100, 9))), "longer than all other"),
        ((response(), stimulus((0, 6000, 90))), "0 ms before its step and 0 ms from its end"),
        ((response(), stimulus((900, 5000, 90))), "18 ms before .* expected at least 20"),
        ((response(), stimulus((2000, 5800, 90))), "4 ms from its end on, .* more than 5"),
        ((response(), stimulus((1100, 1200, 9), STEP)), "another current around its step"),
        ((response(HOLED), stimulus()), "not finite"),
        ((response(COUNTS[:5990]), stimulus()), "response of 5990 samples.* of 6000"),
        ((response(rate=1e5), stimulus()), "every 0.01 ms .* every 0.02 ms"),
        ((response(starting_time=12.4), stimulus()), "from 12.4 s, .* from 12.5 s"),
        ((response(**UNEVEN), stimulus()), "uneven times"),
        ((response(), stimulus(rate=0.0)), "uneven times, expected a fixed rate"),
        ((response(COUNTS[:1]), stimulus()), r"shape \(1,\), expected"),
    ],
)
def test_what_is_no_current_step_is_refused(path, pair, reason):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(path, (7, *pair))
    with pytest.raises(ValueError, match=reason) as error:
        load(path)
    assert "sweep 7 of" in str(error.value)


CELL = 25e-3 * np.random.default_rng(3).integers(-2803, -2797, 6000)  # at rest, in mV
CELL[2000:5000] += 10 * (1 - np.exp(-np.arange(3000) / 500))
CELL[5000:] += 10 * np.exp(-np.arange(1000) / 500)
MV = {"conversion": 1e-3, "offset": 0.0}


def broken(value, start=3000, stop=6000):
    """The cell's response (mV) with one value from a sample to another."""
    return np.r_[CELL[:start], np.full(stop - start, value), CELL[stop:]]


@pytest.mark.parametrize(
    ("voltage", "reason"),
    [
        (broken(0.0), "from 20 ms on: voltage is exactly 0 mV from 40 to 85.02 ms"),
        (broken(CELL[2999]), "exactly -6.*from 39.98 to 85.02 ms, expected noise"),
        (broken(-70.0, 0), "exactly -70 mV from 0 to 85.02 ms"),
        (broken(0.0, 1500), "exactly 0 mV from 10 to 85.02 ms"),
        (broken(0.0, 4900), "from 78 to 85.02 ms"),
        (broken(0.0, 3000, 3500), "from 40 to 50 ms"),
        (np.round(broken(0.0)), "exactly 0 mV from 40 to 85.02 ms"),
        (broken(np.nan), "voltage is not finite from 40 to 85 ms"),
        (broken(np.nan, 3000, 3500), "voltage is not finite from 40 to 49.98 ms"),
        (1e3 * CELL, "voltage at rest is -700.* mV, .* 10\\^3 times too large"),
        (1e-3 * CELL, "voltage at rest is -0.07.* mV, .* 10\\^3 times too small"),
        (CELL + 70, "voltage at rest is .*, expected -150 to -2 mV"),
        (CELL + 400 * (np.arange(6000) == 3000), "voltage is 3.* mV, expected -250 to 200 mV"),
        (CELL * 1e-9 - 70, "0.5 µA/cm² .*, expected 0.05 to 1000 kΩ·cm².* too small"),
    ],
)
def test_what_is_no_response_of_a_membrane_is_refused(path, voltage, reason):
    write(path, (7, response(voltage, **MV), stimulus()))
    with pytest.raises(ValueError, match=reason) as error:
        load(path)
    assert "sweep 7 of" in str(error.value)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_sweep_of_which_response_and_stimulus_stopped_in_mid_step(path, value):
    current = np.where(np.arange(6000) < 3000, pulses(TEST_PULSE, STEP).astype(float), value)
    write(path, (7, response(broken(value), **MV), stimulus(data=current)))
    with pytest.raises(ValueError, match="voltage is (exactly 0 mV|not finite) from 40"):
        load(path)


@pytest.mark.parametrize(
    ("scale", "area", "reason"),
    [
        (1.0, AREA, "current is 5e.11 µA/cm², .* 10\\^12 times too large"),
        (1e-9, AREA, "current is 500 .* 10\\^3 times too large"),
        (1e-15, AREA, "resistance of the membrane is .* 10\\^3 times too large"),
        (1e-24, AREA, "10\\^12 times too small"),
        (1e-12, 1e8 * AREA, "area is 18000 cm², .* 10\\^8 times too large"),
        (1e-12, 1e-4 * AREA, "area is 1.8e-08 cm², .* 10\\^4 times too small"),
        (1e-12, np.nan, "area is nan"),
    ],
)
def test_units_of_current_and_area(path, scale, area, reason):
    write(path, (7, response(CELL, **MV), stimulus(conversion=scale)))
    with pytest.raises(ValueError, match=reason):
        load(path, area=area)


@pytest.mark.parametrize("step", [0.025, 0.25, 1.0])
def test_coarse_converters_and_tails_after_the_cut_are_read(path, step):
    """Between its noise a converter holds a value for long; a sweep may end after its step."""
    voltage = step * np.round(CELL / step)
    voltage[5400:] = 0.0
    assert load(write(path, (7, response(voltage, **MV), stimulus()))).window == (20.0, 80.0)


def test_two_electrodes_in_one_sweep_are_refused(path):
    write(path, (7, response(), stimulus()), (7, response(), stimulus()))
    with pytest.raises(ValueError, match=r"'response_7_0', 'response_7_1'.* expected one of each"):
        load(path)


@pytest.mark.parametrize(
    ("where", "unit", "reason"),
    [
        ("acquisition/response_7_0", "millivolts", "'response_7_0' in millivolts, expected volts"),
        ("acquisition/response_7_0", "mV", "in mV, expected volts"),
        ("acquisition/response_7_0", "amperes", "in amperes, expected volts"),
        ("stimulus/presentation/stimulus_7_0", "pA", "in pA, expected amperes"),
        ("stimulus/presentation/stimulus_7_0", None, "in None, expected amperes"),
    ],
)
def test_wrong_units(path, where, unit, reason):
    write(path, (7, response(), stimulus()))
    with h5py.File(path, "r+") as file:
        del file[where]["data"].attrs["unit"]
        if unit:
            file[where]["data"].attrs["unit"] = unit
    with pytest.raises(ValueError, match=reason):
        load(path)


def test_damage_that_shows_only_in_the_samples(path):
    write(path, (7, response(), stimulus()))
    with h5py.File(path, "r+") as file:
        data = file["acquisition/response_7_0"]
        attributes = dict(data["data"].attrs)
        del data["data"]
        packed = data.create_dataset("data", data=COUNTS, compression="gzip", chunks=(6000,))
        packed.attrs.update(attributes)
        chunk = packed.id.get_chunk_info(0)
    with open(path, "r+b") as file:
        file.seek(chunk.byte_offset)
        file.write(bytes(chunk.size))
    with pytest.raises(ValueError, match="is damaged: .*read data"):
        load(path)


def test_what_is_no_nwb_file(path):
    with pytest.raises(FileNotFoundError, match=f"no file {re.escape(str(path))}"):
        load(path)
    with pytest.raises(FileNotFoundError, match="expected an NWB file"):
        load(path.parent)
    write(path, (7, response(), stimulus()))
    whole = path.read_bytes()
    for size in (len(whole) // 2, 100, 0):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="no readable NWB file of version 2"):
            load(path)
    path.write_text("time,voltage\n0,-70\n")
    with pytest.raises(ValueError, match="file signature not found"):
        load(path)
    with h5py.File(path, "w") as file:
        file["voltage"] = COUNTS
    with pytest.raises(ValueError, match="Missing NWB version"):
        load(path)
    with h5py.File(path, "w") as file:
        file["nwb_version"] = "NWB-1.0.5"
    with pytest.raises(ValueError, match="it is of version 1"):
        load(path)


def test_the_file_is_read_only_and_closed(path):
    write(path, (7, response(), stimulus()))
    before, filters = path.read_bytes(), list(warnings.filters)
    path.chmod(0o444)
    load(path)
    with pytest.raises(ValueError, match="expected one of each"):
        load(path, 8)
    with pytest.raises(ValueError, match="area is -1"):
        load(path, area=-1)
    with pytest.raises(ValueError, match="expected an onset"):
        load(path, before=0.1)
    assert path.read_bytes() == before
    assert warnings.filters == filters
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:  # refused while it is open elsewhere
        assert file


def test_pynwb_is_loaded_by_the_loader_alone(path, monkeypatch):
    code = "import sys, mechfit.models; print({'pynwb', 'h5py', 'hdmf'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    write(path, (7, response(), stimulus()))
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(ImportError, match=r"pip install 'mechfit\[nwb\]'"):
        load(path)
