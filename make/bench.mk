# Figures, measured side by side. `make bench ARGS="proxy memory"` runs only those parts; results go to bench-results/.
.PHONY: bench

bench: setup ## every measurement, as tables and JSON: some 20 minutes; ARGS="proxy edit memory many scale loss" selects
	@$(BIN)/python -m tests.bench $(ARGS)
