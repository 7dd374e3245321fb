"""`python -m mechfit`: see ``mechfit/cli``."""

import sys

from mechfit.cli import main

if __name__ == "__main__":
    sys.exit(main())
