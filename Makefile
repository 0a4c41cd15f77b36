# Short names for the scripts; everything works without make.
.PHONY: build demo test test-python lint docs ci

build:
	./scripts/setup && swift build -c release

demo:
	./scripts/demo

test:
	./scripts/test

test-python:
	./scripts/test-python

lint:
	swift format lint --strict -r Sources Tests Package.swift

docs:
	./scripts/docs

ci:
	.ci/run
