# Tests by price. `make test ARGS="-k wildcard"` selects; `make unit`, `make feature` run one layer.
.PHONY: test unit feature golden

QUICK := $(wildcard tests/unit tests/golden tests/contract)
ARGS ?=
# A selection may leave nothing to run in a layer: pytest's exit code 5.
NONE_IS_FINE = $(if $(strip $(ARGS)),|| [ $$? = 5 ])

test: unit feature ## all tests that need no cluster: unit, golden and contract, then features on the wire
	@echo "make test: every test passed"

unit: setup ## unit, golden and contract tests: seconds
	@$(BIN)/pytest -q -n 2 $(QUICK) $(ARGS) $(NONE_IS_FINE)

feature: setup ## features on the wire, with the real Envoy: minutes
	@$(BIN)/pytest -q -n 2 --dist loadfile tests/feature $(ARGS) $(NONE_IS_FINE)

golden: setup ## write the golden files anew, then show what changed
	@$(BIN)/pytest -q tests/golden --update-golden $(ARGS)
	@git diff --stat -- tests/golden
