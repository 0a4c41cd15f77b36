# Short names for the scripts; everything works without make.
.PHONY: build demo test lint ci

build:
	./scripts/setup && swift build -c release

demo:
	./scripts/demo

test:
	./scripts/test

lint:
	swift format lint --strict -r Sources Tests Package.swift

ci:
	.ci/run
