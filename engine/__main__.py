"""``python -m engine``, and the console script ``parity``."""

import sys

try:
    from engine.cli.main import main
except KeyboardInterrupt:  # in the first tenth of a second nothing of ours is there to say more
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
