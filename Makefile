# On a bare machine with Python and make: `make demo` shows the main job, `make test` checks it.

SYSTEM_PYTHON ?= python3
VENV ?= .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
TOOLS := $(VENV)/.tools
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check \
	--constraint .ci/constraints.txt

# A sourced ROS and our wheels would load each other's libraries.
unexport PYTHONPATH PYTHONHOME LD_LIBRARY_PATH AMENT_PREFIX_PATH _ROS_WHEELS_BOOTSTRAP_COMPLETE

.PHONY: env test lint format demo weights clean

env: $(INSTALLED)

$(INSTALLED): setup.py .ci/constraints.txt
	@$(SYSTEM_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "Python 3.10 or later is needed: make SYSTEM_PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(SYSTEM_PYTHON) -c 'import ensurepip, venv' || { \
		echo "Python's venv module is missing: sudo apt install python3-venv"; exit 1; }
	@echo "[1/3] environment $(VENV)"
	@$(SYSTEM_PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) setuptools
	@echo "[2/3] PyTorch (the largest download)"
	@$(PIP_INSTALL) torch
	@echo "[3/3] ROS 2 wheels and the rest"
	@$(PIP_INSTALL) --no-build-isolation --editable '.[ros,offline,cpu]'
	@touch $@

$(TOOLS): $(INSTALLED)
	@echo "[test] tools of the tests; TensorFlow, to read published checkpoints; ONNX; int8; training"
	@$(PIP_INSTALL) --no-build-isolation --editable '.[convert,onnx,quantize,train,test]'
	@touch $@

test: lint
	$(PYTHON) -m pytest --numprocesses 2 --dist loadfile

lint: $(TOOLS)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports

format: $(TOOLS)
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

demo: env
	$(PYTHON) -m offline.demo $(if $(FRAMES),--frames "$(FRAMES)") $(if $(WEIGHTS),--weights "$(WEIGHTS)") \
		$(if $(STEREO_WEIGHTS),--stereo-weights "$(STEREO_WEIGHTS)")

weights: env
	@$(PIP_INSTALL) --no-build-isolation --editable '.[train]'
	THP_MEM_ALLOC_ENABLE=1 $(PYTHON) -m offline.make_weights $(if $(PLAN),--plan "$(PLAN)") $(if $(MINUTES),--slice-minutes "$(MINUTES)") $(SETTINGS)

clean:
	rm -rf build install log dist results *.egg-info .*_cache
