# The front door. Each target is one line; the work is in tools/ and CMakePresets.json.
.DEFAULT_GOAL := help
.PHONY: help setup build image demo test bench soak fuzz fmt lint docs clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 10

setup:  ## install what the build and the tests need (Debian 12, root)
	@tools/setup

build: setup  ## build the release binary, build/release/vedette
	@tools/build release vedette

image: build  ## write an OCI image of the release binary, build/vedette.tar
	@tools/image

demo: build  ## run `vedette check` against a simulated, broken cluster
	@tools/demo

test: setup  ## run every check of the tree: format, lints, unit, integration, cluster, fuzz
	@tools/test

bench: setup  ## measure beside peers and print ratios
	@tools/bench

soak: setup  ## simulate the operator among misfortunes: SOAK_SEEDS stories (default 2000)
	@tools/soak $${SOAK_SEEDS:-2000}

fuzz: setup  ## run each fuzz target for FUZZ_SECONDS (default 60)
	@tools/fuzz $${FUZZ_SECONDS:-60}

fmt:  ## format all sources
	@tools/format --fix

docs: build  ## write docs/checks.md from the program's registry
	@build/release/vedette checks explain --all -o markdown > docs/checks.md

lint: setup  ## format check, include arrows, doors, links and paths in documents
	@tools/format --check && tools/lint

clean:  ## remove build output
	@rm -rf build
