"""ABF: a sweep of an Axon Binary Format file, in mV and µA.

The file holds what was recorded and, since version 2, how the current was commanded, from which
neo reconstructs steps. The holding current is no part of the stimulus; for the model it shifts the
leak's reversal. Garcia et al. (2014), doi:10.3389/fninf.2014.00010. Used in
``book/beyond/your-own-model.md``.
"""

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_abf"]

VOLTS = {"V": 1e3, "mV": 1.0}
AMPERES = {"nA": 1e-3, "pA": 1e-6}


def read_abf(path: Path, sweep: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return times (time,) in ms, voltage (time,) in mV, and current (time,) in µA or None."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}, expected an ABF file")
    try:
        from neo.rawio import AxonRawIO
    except ImportError as error:
        raise ImportError("ABF files need neo: pip install 'mechfit[abf]'") from error
    try:
        file = AxonRawIO(str(path))
        file.parse_header()
        sweeps, units = file.segment_count(0), file.header["signal_channels"]["units"].tolist()
    except Exception as error:  # neo has no error of its own for all
        raise ValueError(f"{path} is no readable ABF file: {error}") from error
    if not 0 <= sweep < sweeps:
        raise ValueError(f"sweep is {sweep}, expected 0 to {sweeps - 1}, which {path} has")
    volts = [i for i, unit in enumerate(units) if unit in VOLTS]
    if len(volts) != 1:
        raise ValueError(f"{path} has channels in {', '.join(units)}, expected one in mV or V")
    which = {"stream_index": 0, "channel_indexes": volts}
    raw = file.get_analogsignal_chunk(0, sweep, **which)
    voltage = file.rescale_signal_raw_to_float(raw, "float64", **which)[:, 0]
    time = 1e3 / file.get_signal_sampling_rate(0) * np.arange(len(voltage))
    current = None
    if file.raw_annotations["blocks"][0]["abf_version"] >= 2:
        outputs, _, given = file.read_raw_protocol()
        amperes = [k for k, unit in enumerate(given) if unit in AMPERES and steps_alone(file, k)]
        if amperes:
            command = outputs[sweep][amperes[0]]
            current = AMPERES[given[amperes[0]]] * (command - command[0])
    return time, VOLTS[units[volts[0]]] * voltage, current


def steps_alone(file: Any, output: int) -> bool:
    """Whether an output is commanded by steps; neo takes ramps and stored waveforms for steps."""
    header = file._axon_info
    dac = header["listDACInfo"][output]
    epochs = header["dictEpochInfoPerDAC"].get(output, {}).values()
    from_epochs = dac["nWaveformEnable"] == 1 and dac["nWaveformSource"] == 1
    return from_epochs and all(epoch["nEpochType"] in (0, 1) for epoch in epochs)
