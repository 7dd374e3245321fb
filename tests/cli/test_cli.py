"""The command line: what it says of a computer and of a recording."""

import re

import numpy as np
import pytest

from mechfit.cli import main
from mechfit.cli.doctor import Lines, versions
from mechfit.cli.infer import piled, shipped, thinned, unknown
from mechfit.models import AnyStep, Recording, Traces, read_cells

CELLS = read_cells(shipped("allen_cells.csv"))
MODEL = AnyStep(CELLS)
CELL = CELLS["566517779"]
THETA = np.array([40.0, 4.0, 0.05, 0.05, 600.0, 62.0, 0.05, 80.0])


def recording(dt: float = 0.02) -> Recording:
    neuron = CELL.model()
    voltage = neuron.simulate(THETA, seed=1).voltage
    return Recording(1, Traces(voltage, neuron.time), neuron.current, CELL.window)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "cell.csv"
    made = recording()
    columns = np.stack([made.traces.time, made.traces.voltage[0, 0], made.current], 1)
    head = "time_ms,voltage_mV,current_uA/cm2"
    np.savetxt(path, columns, "%.6g", delimiter=",", header=head, comments="")
    return path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:x_o is unlike")
def test_infer_writes_one_page_with_everything(table, capsys):
    assert main(["infer", str(table)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Verdict: .*90 % regions held \d+ % of 500 truths", said)
    page = table.with_suffix(".html").read_text(encoding="utf-8")
    assert said.count(str(table.with_suffix(".html"))) == 1
    assert page.count("mechfitDraw(") >= 3
    assert "<td>ḡ<sub>Na</sub> (mS/cm²)</td>" in page
    assert "spike count" in page
    assert not re.search(r'(?:src|href)="http', page)
    assert len(page) < 2_000_000


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:x_o is unlike")
def test_infer_trains_for_a_step_that_the_network_does_not_know(table, tmp_path, capsys):
    text = table.read_text().splitlines()
    short = tmp_path / "short.csv"
    short.write_text("\n".join([text[0], *text[1::5]]))
    assert main(["infer", str(short)]) == 2
    assert "sampling interval (ms) is 0.1, and the network knows 0.02" in capsys.readouterr().err
    page = tmp_path / "page.html"
    assert main(["infer", str(short), "--train", "300", "-o", str(page)]) == 0
    assert "trained on 300 simulations of this step" in page.read_text(encoding="utf-8")


def test_errors_are_one_line(tmp_path, capsys):
    assert main(["infer", str(tmp_path / "none.nwb")]) == 2
    assert capsys.readouterr().err == (
        f"mechfit: there is no file {tmp_path / 'none.nwb'}, "
        "expected a recording (.nwb, .csv or .abf)\n"
    )
    (tmp_path / "a.nwb").write_bytes(b"no NWB")
    assert main(["infer", str(tmp_path / "a.nwb")]) == 2
    assert "an NWB file needs --sweep NUMBER" in capsys.readouterr().err
    words = ["--sweep", "1", "--capacitance", "100"]
    assert main(["infer", str(tmp_path / "a.nwb"), *words]) == 2
    assert "no readable NWB file" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["guess"])


def test_a_stimulus_outside_the_training_is_named():
    from dataclasses import replace

    assert unknown(CELL, MODEL) == ""
    assert "current (µA/cm²) is 9" in unknown(replace(CELL, current=9.0), MODEL)
    assert "first voltage (mV) is -40" in unknown(replace(CELL, v_init=-40.0), MODEL)
    assert "length (ms) is 500" in unknown(replace(CELL, window=(205.0, 705.0)), MODEL)
    assert "onset (ms) is 100" in unknown(replace(CELL, window=(100.0, 1099.98)), MODEL)


def test_samples_are_thinned_to_the_interval_of_the_network():
    fine = recording()
    coarse = thinned(fine, 0.1)
    assert coarse.traces.time[1] == pytest.approx(0.1)
    assert coarse.traces.voltage.shape[2] == len(coarse.current)
    assert thinned(fine, 0.05) is fine


def test_draws_at_a_bound_are_told():
    theta = MODEL.prior.sample(200, seed=1)
    assert piled(theta, MODEL.prior) == ()
    theta[:, 2] = MODEL.prior.limits()[2].mean()
    theta[:150, 2] = np.resize(MODEL.prior.limits()[2], 150)  # at both of its bounds
    assert "g_leak (75 %)" in piled(theta, MODEL.prior)[0]


def test_the_doctor_tells_what_is_missing(monkeypatch, capsys):
    import mechfit.cli.doctor as doctor

    wanted = ["numpy>=999", "no-such-package>=1", "pynwb; extra == 'nwb'"]
    monkeypatch.setattr(doctor, "requires", lambda name: wanted)
    lines = Lines()
    versions(lines)
    said = capsys.readouterr().out
    assert lines.failed == 2
    assert re.search(r"\[FAIL\] numpy is [\d.]+, needed is numpy>=999: .* -m pip install", said)
    assert "[FAIL] no-such-package is missing" in said
    with lines.trying("work"):
        raise RuntimeError("broken")
    assert "[FAIL] work: RuntimeError: broken" in capsys.readouterr().out


@pytest.mark.slow
def test_the_doctor_runs(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "simulated, fitted and checked in" in said
    assert said.endswith("All is well.\n")
