"""The recorded cells of the book are read as they are, and damaged tables are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mechfit.models import Recording, Traces, read_cells

TABLE = Path(__file__).parents[3] / "book" / "artefacts" / "allen_cells.csv"


def test_the_cells_of_the_book():
    cells = read_cells(TABLE)
    assert len(cells) == 8
    cell = cells["518290966"]
    assert cell.window == (205.0, 1204.98)
    np.testing.assert_array_equal(
        cell.x, [12, -86.6186, 0.0581935, -59.7432, 73.5669, 5.71116, 49.6576]
    )
    model = cell.model()
    assert model.v_init == -86.7812
    assert model.current.max() == 0.915385
    on = model.time[model.current > 0]
    assert on[0] == pytest.approx(205.0)
    assert on[-1] == pytest.approx(1204.96)
    assert np.isfinite(model.statistics(model.truth, seed=1)).all()


HEAD, FIRST, SECOND = TABLE.read_text().splitlines()[:3]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"{HEAD}\n{FIRST}\n", "utf-8-sig"),
        (f"{HEAD}\r\n\r\n{FIRST}\r\n{',' * HEAD.count(',')}\r\n", "utf-8"),
        (f"\n{HEAD.replace(',', ' , ')}\n{FIRST.replace(',', ', ')}", "utf-8"),
        (f"{HEAD};;\n{FIRST};;".replace(",", ";").replace(".", ","), "utf-8-sig"),
        (f"{HEAD}\n{FIRST}".replace(",", "\t"), "utf-8"),
    ],
)
def test_tables_as_spreadsheets_write_them(tmp_path, text, encoding):
    table = tmp_path / "cells.csv"
    table.write_bytes(text.encode(encoding))
    [cell], known = read_cells(table).values(), read_cells(TABLE)["518290966"]
    np.testing.assert_array_equal(cell.x, known.x)
    assert replace(cell, x=0) == replace(known, x=0)


COLUMNS = list(zip(HEAD.split(","), FIRST.split(","), strict=True))


def changed(**values):
    """The first row of the table with other values."""
    return ",".join(str(values.get(n, v)) for n, v in COLUMNS)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([FIRST, SECOND, FIRST], "cell '518290966' in lines 2 and 4 .sweeps 57 and 57"),
        ([FIRST, changed(sweep=58)], "'518290966' in lines 2 and 3 .sweeps 57 and 58"),
        ([FIRST + ",1"], "line 2: 17 values, expected 16"),
        ([FIRST[:50]], "line 2: .* values, expected 16"),
        ([SECOND, changed(v0_mV="")], "line 3: v0_mV is '', not a number"),
        ([changed(mean_mV="nan")], "mean_mV is 'nan', not a number that is finite"),
        ([changed(skewness="1e999")], "skewness is '1e999'"),
        ([changed(cell="")], "cell is '', .* expected a name"),
        ([changed(sweep=57.5)], "sweep 57.5"),
        ([changed(spike_count=-1)], "spike_count -1"),
        ([changed(variance_mV2=-1)], "variance -1"),
        ([changed(dt_ms=-0.02)], "sampling interval is -0.02 ms"),
        ([changed(dt_ms=20)], "sampling interval is 20 ms, .* 10.3 times too large"),
        ([changed(t_off_ms=100)], r"window is \(205.0, 100.0\) ms"),
        ([changed(t_on_ms=-5)], "expected an onset of at least"),
        ([changed(rest_mean_mV=-0.0866)], "at rest is -0.0866 mV, .* 10.3 times too small"),
        ([changed(v0_mV=-86781)], "voltage is -86781 mV, .* too large"),
        ([changed(current_density_uA_per_cm2=915)], "current is 915 µA/cm², .* too large"),
        ([changed(current_density_uA_per_cm2=9e-4)], "10.3 times too large: .*"),
    ],
)
def test_tables_that_cannot_be_right(tmp_path, rows, reason):
    table = tmp_path / "cells.csv"
    table.write_text("\n".join([HEAD, *rows]))
    with pytest.raises(ValueError, match=reason) as error:
        read_cells(table)
    assert str(table) in str(error.value)


def test_a_recording_made_by_hand():
    time = 0.05 * np.arange(2000)
    voltage = -70 + np.random.default_rng(1).normal(size=time.size)
    step = np.where((time >= 20) & (time < 80), 1.0, 0.0)
    traces, window = Traces(voltage[None, None], time), (20.0, 80.0)
    x = Recording(1, traces, step, window).cell("mine").x
    for kind in (list, np.float32, ">f8", pd.Series, np.ma.masked_invalid):
        given = step.astype(kind) if kind in (np.float32, ">f8") else kind(step)
        recording = Recording(1, traces, given, window)
        np.testing.assert_array_equal(recording.current, step)
        np.testing.assert_array_equal(recording.cell("mine").x, x)
        assert recording.model().current.max() == 1.0
    for other, current, reason in (
        (traces, step[1:], r"traces has shape \(1, 1, 2000\) and current \(1999,\)"),
        (traces, 1e3 * step, "current is 1000 µA/cm²"),
        (traces, 1e308 * step, "current is .*expected 0.0001 to 200"),
        (traces, np.ma.masked_equal(step, 1.0), "current is not finite from 20 "),
        (traces, step.astype(complex), "current is of type complex128"),
        (traces, None, "current is None"),
        (Traces(traces.voltage / 1e3, time), step, "voltage at rest is -0.07"),
    ):
        with pytest.raises((ValueError, TypeError), match=reason):
            Recording(1, other, current, (20.0, 80.0))


def test_damaged_tables(tmp_path):
    lines = TABLE.read_text().splitlines()
    table = tmp_path / "cells.csv"
    table.write_text("\n".join([lines[0].replace("v0_mV", "v0"), lines[1]]))
    with pytest.raises(ValueError, match="no column 'v0_mV'"):
        read_cells(table)
    table.write_text("\n".join([lines[0], lines[1].replace("-86.6186", "rest")]))
    with pytest.raises(ValueError, match="not a number"):
        read_cells(table)
