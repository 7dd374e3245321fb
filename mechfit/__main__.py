"""`python -m mechfit`: see ``mechfit/cli``."""

import sys

from mechfit.cli import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # a console of Windows may lack a character
        stream.reconfigure(errors="replace")
    sys.exit(main())
