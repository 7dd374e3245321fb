"""A tree in NEURON or jaxley, in an environment of their own: `compartment_peers.py neuron`.

It reads lines of JSON from standard input: an SWC file, the length (µm) of which no compartment is
longer, a file with parameters, and how many of them to simulate. It answers with the seconds of
the processor, after a simulation that leaves everything compiled, and with the spike counts of
the soma. Both set the parameters themselves, take steps of 0.025 ms and record three sites.
NEURON runs one cell again and again in float64, jaxley batches of 128 in float32.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from math import ceil, exp
from pathlib import Path

import numpy as np

DT, DURATION, BATCH = 0.025, 100.0, 128
STEPS = ((10.0, 40.0, -0.1), (60.0, 40.0, 0.6))
"""Onset and length (ms) and size (nA) of the currents into the soma."""
CHANNELS = """
NEURON {
    SUFFIX cortical
    NONSPECIFIC_CURRENT i
    RANGE gna, gk, gm, gl
}
PARAMETER { gna = 0 (S/cm2)  gk = 0 (S/cm2)  gm = 0 (S/cm2)  gl = 0 (S/cm2) }
ASSIGNED { v (mV)  i (mA/cm2)  minf  mrate  hinf  hrate  ninf  nrate  pinf  prate }
STATE { m h n p }
BREAKPOINT {
    SOLVE states METHOD cnexp
    i = gna*m*m*m*h*(v - 53) + (gk*n*n*n*n + gm*p)*(v + 107) + gl*(v + 70)
}
INITIAL {
    rates(v)
    m = minf  h = hinf  n = ninf  p = pinf
}
DERIVATIVE states {
    rates(v)
    m' = (minf - m)*mrate
    h' = (hinf - h)*hrate
    n' = (ninf - n)*nrate
    p' = (pinf - p)*prate
}
FUNCTION linoid(z) {
    if (fabs(z) < 1e-4) { linoid = 1 - z/2 } else { linoid = z/(exp(z) - 1) }
}
PROCEDURE rates(v (mV)) {
    LOCAL u, a, b
    u = v + 60
    a = 1.28*linoid(-(u - 13)/4)  b = 1.4*linoid((u - 40)/5)
    mrate = a + b  minf = a/mrate
    a = 0.128*exp(-(u - 17)/18)  b = 4/(1 + exp(-(u - 40)/5))
    hrate = a + b  hinf = a/hrate
    a = 0.16*linoid(-(u - 15)/5)  b = 0.5*exp(-(u - 10)/40)
    nrate = a + b  ninf = a/nrate
    pinf = 1/(1 + exp(-(v + 35)/10))
    prate = (3.3*exp((v + 35)/20) + exp(-(v + 35)/20))/600
}
"""


def counts(voltage: np.ndarray) -> list[int]:
    """Upcrossings of -10 mV in each row (n, time)."""
    return ((voltage[:, :-1] <= -10) & (voltage[:, 1:] > -10)).sum(1).tolist()


@cache
def neuron_cell(swc: str, longest: float) -> tuple:
    """NEURON, its parallel context, the segments by distance from the soma, and what records."""
    folder = Path(tempfile.mkdtemp())
    (folder / "cortical.mod").write_text(CHANNELS)
    binary = str(Path(sys.executable).parent / "nrnivmodl")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path}
    subprocess.run([binary, "."], cwd=folder, check=True, capture_output=True, env=environment)
    from neuron import h

    h.nrn_load_dll(str(next(folder.glob("*/libnrnmech.so"))))
    h.load_file("stdlib.hoc")
    h.load_file("import3d.hoc")
    reader = h.Import3d_SWC_read()
    reader.input(swc)
    h.Import3d_GUI(reader, False).instantiate(None)
    for section in h.allsec():
        section.insert("cortical")
        section.nseg = ceil(section.L / longest) if "soma" not in section.name() else 1
    soma = next(s for s in h.allsec() if "soma" in s.name())
    segments = [(h.distance(soma(0.5), x), x) for s in h.allsec() if s != soma for x in s]
    clamps = []
    for onset, length, size in STEPS:
        clamps.append(h.IClamp(soma(0.5)))
        clamps[-1].delay, clamps[-1].dur, clamps[-1].amp = onset, length, size
    sites = [min(segments, key=lambda s, d=d: abs(s[0] - d))[1] for d in (206.7, 636.2)]
    voltages = [h.Vector().record(site._ref_v) for site in (soma(0.5), *sites)]
    context = h.ParallelContext()
    context.set_maxstep(10)
    h.dt = DT
    return h, context, soma, segments, (clamps, voltages)


def neuron(swc: str, longest: float, theta: np.ndarray) -> Iterator[float]:
    """Simulate one after the other; yields after each preparation, and returns the counts."""
    h, context, soma, segments, (_, voltages) = neuron_cell(swc, longest)
    yield
    found = []
    for g_na, g_k, start, kappa, dend, slow, leak, r_a in theta.tolist():
        for d, x in [(None, soma(0.5)), *segments]:
            x.cortical.gna = 1e-3 * (g_na if d is None else start * exp(kappa * d / 100))
            x.cortical.gk = 1e-3 * (g_k if d is None else dend)
            x.cortical.gm, x.cortical.gl = 1e-3 * slow, 1e-3 * leak
        for section in h.allsec():
            section.Ra = r_a
        h.finitialize(-70)
        context.psolve(DURATION + DT / 4)
        found += counts(np.array(voltages[0])[None])
    yield found


@cache
def jaxley_cell(swc: str, longest: float) -> tuple:
    """A function of densities (n, 4, compartments) and R_a (n,), and distances (compartments,)."""
    import jax
    import jaxley as jx
    from jaxley.channels import K, Km, Leak, Na

    cell = jx.read_swc(swc, ncomp=1)
    lengths = [cell.branch(i).nodes["length"].sum() for i in range(len(cell.xyzr))]
    for i, length in enumerate(lengths):
        if i and ceil(length / longest) > 1:
            cell.branch(i).set_ncomp(ceil(length / longest))
    for channel in (Na(), K(), Km(), Leak()):
        cell.insert(channel)
    fixed = {"vt": -60.0, "eNa": 53.0, "eK": -107.0, "Leak_eLeak": -70.0, "Km_taumax": 600.0}
    for name, value in (fixed | {"v": -70.0, "capacitance": 1.0}).items():
        cell.set(name, value)
    cell.init_states()
    cell.set("Km_p", 1 / (1 + exp(3.5)))  # init_states gives another value
    parent = {i: p for p, i in cell.branch_edges.to_numpy().tolist()}
    ends, distance = {0: 0.0}, []
    for i, length in enumerate(lengths):
        n = len(cell.branch(i).nodes)
        start = ends[parent[i]] if i else 0.0
        ends[i] = start + length if i else 0.0
        distance += [start + (k + 0.5) * length / n if i else 0.0 for k in range(n)]
    steps = np.arange(round(DURATION / DT)) * DT + DT / 2
    current = sum(size * ((steps > a) & (steps < a + length)) for a, length, size in STEPS)
    sites = [int(np.argmin(abs(np.array(distance) - d))) for d in (0.0, 206.7, 636.2)]
    cell.branch(0).comp(0).stimulate(current, verbose=False)
    for site in sites:
        cell.select(nodes=[site]).record("v", verbose=False)
    names = ("Na_gNa", "K_gK", "Km_gKm", "Leak_gLeak", "axial_resistivity")
    for name in names:
        cell.comp("all").make_trainable(name, verbose=False)
    cell.to_jax()

    def voltage(density: jax.Array, r_a: jax.Array) -> jax.Array:
        rows = [*density, r_a * np.ones(len(distance), np.float32)]
        params = [{name: row} for name, row in zip(names, rows, strict=True)]
        return jx.integrate(cell, params=params, delta_t=DT)

    return jax.jit(jax.vmap(voltage)), np.array(distance)


def jaxley(swc: str, longest: float, theta: np.ndarray) -> Iterator[float]:
    """The same, in batches."""
    simulate, distance = jaxley_cell(swc, longest)
    density = np.empty((len(theta), 4, len(distance)))
    density[:, 0] = theta[:, 2:3] * np.exp(theta[:, 3:4] * distance / 100)
    density[:, 1:] = theta[:, 4:7, None]
    density[:, :2, 0] = theta[:, :2]
    batches = [
        ((1e-3 * density[i : i + BATCH]).astype("f4"), theta[i : i + BATCH, 7].astype("f4"))
        for i in range(0, len(theta), BATCH)
    ]
    simulate(*batches[0]).block_until_ready()
    yield
    found = []
    for batch in batches:
        found += counts(np.asarray(simulate(*batch))[:, 0])
    yield found


def answer(run: Callable, swc: str, longest: float, file: str, n: int) -> tuple:
    """Seconds of the processor, and spike counts."""
    work = run(swc, longest, np.load(file)[:n])
    next(work)
    start = time.process_time()
    found = next(work)
    return time.process_time() - start, found


if __name__ == "__main__":
    peer = {"neuron": neuron, "jaxley": jaxley}[sys.argv[1]]
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what they say themselves goes to standard error
        for line in sys.stdin:
            print(json.dumps(answer(peer, **json.loads(line))), file=answers, flush=True)
