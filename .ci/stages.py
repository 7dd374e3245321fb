"""Run the stages of `make test`, print the budget and the time of each, stop at the first failure.

Budgets are minutes on a quiet machine with two cores, for the whole book.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")
PYTHON = str(BIN / "python")
PYTEST = [PYTHON, "-m", "pytest", "-q", "-n", "auto", "--maxprocesses", "4", "--dist"]

LINT = [[PYTHON, "-m", "ruff", "check", "."], [PYTHON, "-m", "ruff", "format", "--check", "."]]
UNIT = [[*PYTEST, "loadfile", "-m", "not slow and not browser"]]
SLOW = [[*PYTEST, "loadfile", "-m", "slow and not long"]]
BROWSER = [[*PYTEST, "loadgroup", "-m", "browser", "-rs", "tests/book"]]
STAGES = {
    "set-up": (3, [["make", "--no-print-directory", "setup"]]),
    "lint": (0.5, LINT),
    "unit tests and doctests": (1.5, UNIT),
    "slow tests": (6, SLOW),
    "book": (8, [["make", "--no-print-directory", "html"]]),
    "browser tests": (5, BROWSER),
}
CHECK = ["lint", "unit tests and doctests"]
NOTHING_COLLECTED = 5


def run(commands: list[list[str]]) -> bool:
    """Run commands one after the other, return whether all passed."""
    for command in commands:
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if code.returncode not in (0, NOTHING_COLLECTED if "pytest" in command else 0):
            return False
    return True


def main() -> None:
    """Run the stages named on the command line: `check`, or all."""
    names = CHECK if sys.argv[1:] == ["check"] else list(STAGES)
    budget = sum(STAGES[name][0] for name in names)
    print(f"Budget on a quiet machine with two cores, in minutes: {budget:g}")
    for name in names:
        print(f"  {name}: {STAGES[name][0]:g}")
    seconds: dict[str, float] = {}
    passed = True
    for name in names:
        print(f"\n== {name}", flush=True)
        start = time.monotonic()
        passed = run(STAGES[name][1])
        seconds[name] = time.monotonic() - start
        if not passed:
            break
    print("\nStage, seconds taken, budget in seconds")
    for name, taken in seconds.items():
        print(f"  {name}: {taken:.0f} of {60 * STAGES[name][0]:.0f}")
    print("All stages passed." if passed else f"FAILED: {name}")
    sys.exit(not passed)


if __name__ == "__main__":
    main()
