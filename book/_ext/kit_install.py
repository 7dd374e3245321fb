"""Install mechfit and its notebooks from the wheels beside this file, without a network."""

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACE = HERE / ".venv"


def main() -> None:
    """Make the environment, install into it, and say how to go on."""
    wheels = HERE / "wheels"
    (own,) = wheels.glob("mechfit-*.whl")
    if not PLACE.exists():
        venv.create(PLACE, with_pip=True)
    programs = PLACE / ("Scripts" if os.name == "nt" else "bin")
    pip = [programs / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    found = subprocess.run(
        [*pip, "--no-index", "--find-links", wheels, f"{own}[book,scale]"], check=False
    )
    if found.returncode:
        made = HERE.name.removeprefix("mechfit-")
        here = f"Python {sys.version_info.major}.{sys.version_info.minor} on {sys.platform}"
        sys.exit(f"The wheels are for {made}, and this is {here}. The pages in html need neither.")
    index = HERE / "notebooks" / "book" / "index.ipynb"
    print(f"Installed. Open the notebooks with\n\n    {programs / 'jupyter'} lab {index}\n")


if __name__ == "__main__":
    main()
