"""``python -m benchmarks.peers``."""

import sys

from benchmarks.peers.measure import main

sys.exit(main())
