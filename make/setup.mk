# One environment from one hash-locked file. uv itself comes from the same file, through pip, once.
.PHONY: setup lock clean

# Trust whom the machine trusts, where it says so: pip does by itself, uv wants to be told.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS := true
endif

setup: .venv/.ready ## the environment, with .venv/bin/genkan

.venv/.ready: requirements.lock pyproject.toml
	@make/python-is-able $(PYTHON)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv --clear .venv; }
	@test -x $(BIN)/uv || { grep -A 30 '^uv==' requirements.lock | awk 'NR == 1 || /--hash/ {print} NR > 1 && !/--hash/ {exit}' > .venv/uv.txt \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement .venv/uv.txt; }
	@echo "installing what requirements.lock names"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock: ## choose dependency versions anew and lock them with hashes
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	  --group test --group lint --output-file requirements.lock pyproject.toml requirements.build.in

clean: ## remove the environment and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
