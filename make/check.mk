# Everything that reads the code without running it. Needs no network and no Kubernetes.
.PHONY: check fix lint types imports repository docs

check: lint types imports repository ## lint, types, import layers, repository rules: what must be true of every commit
	@echo "make check: everything is in order"

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: setup
	@$(BIN)/mypy --no-error-summary src tests tools examples

imports: setup
	@$(BIN)/lint-imports --no-logo

repository: setup
	@$(BIN)/python -m tools.check

fix: setup ## let ruff mend and format what it can
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

docs: setup ## write the reference pages that are made from code
	@$(BIN)/python -m tools.gen_docs
