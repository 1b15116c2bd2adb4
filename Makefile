# Genkan: `make help` lists the targets. Everything below sets itself up in .venv; no system package is touched.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

include make/*.mk

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F '\t' '{printf "  %-14s %s\n", $$1, $$2}'
