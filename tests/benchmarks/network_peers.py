"""Networks in Brian2 or NEST, in an environment of their own: `python network_peers.py brian2`.

It reads lines of JSON from standard input: a network's name, the file with its wiring and start,
and how long to simulate (ms). It answers with the seconds of the processor for that time, after
200 ms that leave everything built, sorted and warm, and with the rate (Hz) over all. Both follow
the house's order of a step: NEST by itself, Brian2 (C++, standalone, one thread) by a schedule, a
delay shorter and a refractory time longer by a step.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

WARM = 200.0
CLOCK = "std::cout << double(clock()) / CLOCKS_PER_SEC << std::endl;"
EQUATIONS = {
    "COBA": """dv/dt = (-60 - v - g_e * v - g_i * (80 + v)) / (20*ms) : 1 (unless refractory)
               dg_e/dt = -g_e / (5*ms) : 1
               dg_i/dt = -g_i / (10*ms) : 1""",
    "CUBA": """dv/dt = (-49 - v + g_e + g_i) / (20*ms) : 1 (unless refractory)
               dg_e/dt = -g_e / (5*ms) : 1
               dg_i/dt = -g_i / (10*ms) : 1""",
    "Brunel": "dv/dt = -v / (20*ms) : 1 (unless refractory)",
}
FOLDERS = {}


def brian2_program(name: str, file: str, duration: float, precision: str) -> Path:
    """Write and compile the network as a program; its folder."""
    import brian2 as b

    folder, given = Path(tempfile.mkdtemp()), np.load(file)
    b.device.reinit()
    b.set_device("cpp_standalone", build_on_run=False, directory=str(folder))
    b.prefs.core.default_float_dtype = np.dtype(precision).type
    b.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j1"]
    b.defaultclock.dt = 0.1 * b.ms
    network = b.Network()
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    n, excitatory = len(given["v"]), int(given["excitatory"])
    delta = name == "Brunel"
    low, high, silent = (10, 20, 2.1) if delta else (-60, -50, 5.1)
    cells = b.NeuronGroup(
        n,
        EQUATIONS[name],
        threshold=f"v >= {high}",
        reset=f"v = {low}",
        refractory=silent * b.ms,
        method="exponential_euler" if name == "COBA" else "exact",
    )
    cells.v = given["v"]
    if not delta:
        cells.g_e, cells.g_i = given["g_e"], given["g_i"]
    sources = np.repeat(np.arange(n), np.diff(given["pointers"]))
    for kind, weight in enumerate(given["weights"].tolist()):
        chosen = (sources < excitatory) == (kind == 0)
        synapses = b.Synapses(
            cells[:excitatory] if kind == 0 else cells[excitatory:],
            cells,
            on_pre=f"v_post += {weight} * int(not_refractory)"
            if delta
            else f"{('g_e', 'g_i')[kind]}_post += {weight}",
            delay=(float(given["delay"]) - 0.1) * b.ms,
        )
        synapses.connect(
            i=sources[chosen] - kind * excitatory, j=given["targets"][chosen].astype(int)
        )
        network.add(synapses)
    if delta:
        mean, weight = float(given["input_rate"]) * 1e-4, float(given["weights"][0])
        kick = f"v += {weight} * poisson({mean}) * int(not_refractory)"
        network.add(cells.run_regularly(kick, when="synapses"))
    network.add(cells, b.SpikeMonitor(cells, record=False))
    for span in (WARM, duration):
        network.run(span * b.ms)
        b.device.insert_code("main", CLOCK)
    b.device.build(directory=str(folder), compile=True, run=False)
    return folder


def brian2(name: str, file: str, duration: float, precision: str) -> tuple[float, float]:
    """Seconds and rate; compiled when first asked for."""
    key = name, file, duration, precision
    if key not in FOLDERS:
        FOLDERS[key] = brian2_program(*key)
    folder = FOLDERS[key]
    done = subprocess.run(["./main"], cwd=folder, capture_output=True, text=True, check=True)
    begin, end = (float(each) for each in done.stdout.split()[-2:])
    (counts,) = folder.glob("results/_array_spikemonitor_count_*")
    return end - begin, np.fromfile(counts, np.int32).mean() / (WARM + duration) * 1000


def nest(name: str, file: str, duration: float, precision: str) -> tuple[float, float]:
    """Seconds and rate; the wiring is drawn by NEST, by the same rule."""
    import nest as n

    given = np.load(file)
    n.ResetKernel()
    n.verbosity = n.VerbosityLevel.ERROR
    n.SetKernelStatus({"resolution": 0.1, "local_num_threads": 1, "rng_seed": 1})
    size, excitatory = len(given["v"]), int(given["excitatory"])
    weights, delay = given["weights"], float(given["delay"])
    common = {"C_m": 200.0, "t_ref": 5.0, "V_th": -50.0, "V_reset": -60.0}
    if name == "Brunel":
        model, scale = "iaf_psc_delta", 1.0
        p = {"tau_m": 20.0, "t_ref": 2.0, "V_th": 20.0, "V_reset": 10.0, "E_L": 0.0, "C_m": 1.0}
        rule = {"rule": "fixed_indegree", "allow_multapses": False, "allow_autapses": False}
        rules = [rule | {"indegree": c} for c in (excitatory // 10, (size - excitatory) // 10)]
    else:
        tau = {"tau_syn_ex": 5.0, "tau_syn_in": 10.0}
        model = "iaf_cond_exp" if name == "COBA" else "iaf_psc_exp"
        p = common | tau | ({"E_L": -49.0, "tau_m": 20.0} if name == "CUBA" else {"E_L": -60.0})
        p |= {"g_L": 10.0, "E_ex": 0.0, "E_in": -80.0} if name == "COBA" else {}
        scale = 10.0  # nS, or pA in 200 pF and 20 ms, for a unit of our weights
        rules = 2 * [{"rule": "pairwise_bernoulli", "p": 0.02, "allow_autapses": False}]
        weights = weights * (1, -1) if name == "COBA" else weights
    cells = n.Create(model, size, params=p)
    cells.V_m = given["v"].tolist()
    if name == "COBA":
        cells.g_ex, cells.g_in = (10.0 * given["g_e"]).tolist(), (10.0 * given["g_i"]).tolist()
    for some, weight, rule in zip(
        (cells[:excitatory], cells[excitatory:]), weights, rules, strict=True
    ):
        n.Connect(some, cells, rule, {"weight": scale * weight, "delay": delay})
    if name == "Brunel":
        source = n.Create("poisson_generator", params={"rate": float(given["input_rate"])})
        n.Connect(source, cells, syn_spec={"weight": float(weights[0]), "delay": 0.1})
    n.Simulate(WARM)
    start = time.process_time()
    n.Simulate(duration)
    seconds = time.process_time() - start
    return seconds, n.GetKernelStatus("local_spike_counter") / size / duration * 1000


if __name__ == "__main__":
    peer = {"brian2": brian2, "nest": nest}[sys.argv[1]]
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what they say themselves goes to standard error
        for line in sys.stdin:
            print(json.dumps(peer(**json.loads(line))), file=answers, flush=True)
