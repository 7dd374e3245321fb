"""The command line: `python -m mechfit doctor` and `python -m mechfit infer RECORDING`.

For those who do not write code first. `doctor` says whether this computer is ready and how fast
it is; `infer` writes a page about a recorded current step. Used in
``book/inference/real-neurons.md``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

INFER = """The recording is an NWB file (version 2), an ABF file (version 2), or a CSV file with
columns such as time_ms, voltage_mV and current_pA. Without --train, a network answers that knows
steps of one second, sampled every 0.02 ms; for any other step, --train 10000 simulates the neuron
under it and trains one, in a few minutes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    given = parser().parse_args(arguments)
    if given.verb == "doctor":
        from mechfit.cli.doctor import doctor

        return doctor(quick=given.quick)
    from mechfit.cli.infer import infer_file

    try:
        infer_file(given)
    except (ImportError, OSError, ValueError) as error:
        print(f"mechfit: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    main = argparse.ArgumentParser("python -m mechfit", description=__doc__.split("\n")[0])
    verbs = main.add_subparsers(dest="verb", required=True)
    doctor = verbs.add_parser("doctor", help="check this computer, in about two minutes")
    doctor.add_argument("--quick", action="store_true", help="leave out the end-to-end run")
    infer = verbs.add_parser("infer", help="a posterior for a recorded step", description=INFER)
    add = infer.add_argument
    add("recording", type=Path, help="NWB, ABF or CSV file")
    add("-o", "--output", type=Path, help="page to write; by default the recording's name + .html")
    add("--sweep", type=int, help="number of the sweep in an NWB or ABF file")
    area = infer.add_mutually_exclusive_group()
    area.add_argument("--area", type=float, help="area of the membrane, cm²")
    area.add_argument("--capacitance", type=float, help="or its capacitance, pF, at 1 µF/cm²")
    add("--junction", type=float, default=0.0, help="shift added to the voltage, mV (default 0)")
    add("--train", type=int, metavar="N", help="train a network on N simulations of this step")
    add("--posterior", type=Path, help="stored posterior of this very stimulus, instead")
    add("--seed", type=int, default=1, help="seed of all draws (default 1)")
    return main
