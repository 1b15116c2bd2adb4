# The main job on one machine.
.PHONY: run

run: setup ## serve examples/quickstart: three Ingresses, each with an address of its own, until Ctrl-C
	@$(BIN)/python -m tools.quickstart $(ARGS)
