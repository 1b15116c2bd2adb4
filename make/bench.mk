# Figures, measured side by side. `make bench ARGS="proxy memory"` runs only those parts; results go to bench-results/.
.PHONY: bench

bench: setup ## every measurement, as tables and JSON: some 20 minutes; ARGS="proxy memory edit rotate scale many loss" selects
	@$(BIN)/python -m tests.bench $(ARGS)
