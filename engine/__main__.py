"""``python -m engine``, and the console script ``parity``."""

import sys

from engine.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
