# The two commands of a newcomer are `make scan` and `make test`. They make what they need, say what
# they do, and can be run again.
.DEFAULT_GOAL := help
.PHONY: help scan test test-long test-all bench-arm clean

help:
	@echo "make scan      make the environments and run the demo scan on CPython with Numba, CPython and PyPy"
	@echo "make test      tests on CPython without and with Numba and on PyPy, bounds checks, against other libraries, lint, types, examples"
	@echo "make test-long the whole sweeps of which make test runs a sample, on CPython with Numba and on PyPy"
	@echo "make test-all  the same on every other Python and PyPy found on this machine"
	@echo "make bench-arm on an ARM64 machine: measure all runtimes and write the page with it (hours)"
	@echo "make clean     remove the environments and everything else that is built"
	@echo "PYTHON=path chooses the CPython (default: 3.11 where there is a choice), PARITY_PYPY=path the PyPy."

scan:
	@bash scripts/environments.sh cpython pypy
	@.venv/bin/python scripts/three_scans.py

test:
	@bash scripts/environments.sh tox
	@.venv/bin/python scripts/legs.py

test-long:
	@bash scripts/environments.sh tox
	@.venv/bin/python scripts/legs.py --long

test-all:
	@bash scripts/environments.sh tox
	@.venv/bin/python scripts/legs.py --all

bench-arm:
	@bash scripts/environments.sh cpython pypy
	@.venv/bin/python scripts/bench_arm.py

clean:
	rm -rf .venv .venv-pypy .tox .pypy build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find engine kernels_pure kernels_numba tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
