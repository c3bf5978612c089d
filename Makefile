# Plait. `make help` lists the targets; nothing but Go is needed for `build`,
# `run` and `bench`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Two compilers at once would only share the same cores.
.NOTPARALLEL:

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
GOBUILD := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'

# Tools are pinned: the newest one may not build with our Go, or may find
# something new on the day of a release.
STATICCHECK_VERSION := 0.8.2
STATICCHECK := bin/tools/staticcheck-$(STATICCHECK_VERSION)

# Every check is on. An exception is added here as `,-XXnnnn`, with its reason
# in a comment above this line. There is none so far.
CHECKS := all

# The systems a salon's PC or a hub may run on.
PLATFORMS := windows/amd64 windows/arm64 linux/amd64 linux/arm64

FUZZTIME ?= 10s
BENCH ?= .
# How many times their everyday number of rounds the harnesses run.
PLAIT_SCALE ?= 10

.PHONY: help
help: ## list every target
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/plait-agent and bin/plait-hub for this machine
	$(GOBUILD) -o bin/plait-agent ./agent
	$(GOBUILD) -o bin/plait-hub ./hub

.PHONY: run
run: ## run a hub and a few salons with made-up data on this machine
	go run ./shared/e2e/demo

.PHONY: test
test: vet lint cross unit harness ## everything that must hold: vet, lint, cross, unit, harness

# The power loss harness records real processes with strace, on Linux.
.PHONY: strace
strace: ## install strace, if it is absent and this is a Debian or Ubuntu
	@command -v strace >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get install -qq -y strace || { apt-get update -qq && apt-get install -qq -y strace; }; \
	  else sudo apt-get install -qq -y strace; fi; }

.PHONY: unit
unit: strace ## the tests of all packages, with the race detector
	CGO_ENABLED=1 go test -race -timeout 30m ./...

# A harness is a test named TestHarness…: it kills, cuts or restores, and has a
# control that it must catch. `unit` runs a small number of rounds of each.
# -count=1, for the scale is read by the tests and not part of go's cache key.
.PHONY: harness
harness: strace ## the kill, power loss, fault and restore harnesses, at PLAIT_SCALE (10) times their everyday rounds
	PLAIT_SCALE=$(PLAIT_SCALE) CGO_ENABLED=0 go test -count=1 -timeout 40m -run '^TestHarness' ./...

.PHONY: bench
bench: ## the benchmarks that BENCH matches (all); each prints its workload
	CGO_ENABLED=0 go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s)
	@for pkg in $$(go list ./...); do \
	  for name in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$name"; \
	    CGO_ENABLED=0 go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

.PHONY: fmt
fmt: ## rewrite the sources in gofmt's form
	gofmt -w .

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: lint
lint: $(STATICCHECK) ## gofmt and staticcheck, for Linux and for Windows
	@unformatted="$$(gofmt -l .)"; \
	if [ -n "$$unformatted" ]; then echo "not in gofmt's form (make fmt):"; echo "$$unformatted"; exit 1; fi
	GOOS=linux $(STATICCHECK) -checks '$(CHECKS)' ./...
	GOOS=windows $(STATICCHECK) -checks '$(CHECKS)' ./...

# go run would build the tool for the system that is being checked.
$(STATICCHECK):
	mkdir -p bin/tools
	GOOS= GOARCH= GOBIN=$(CURDIR)/bin/tools go install honnef.co/go/tools/cmd/staticcheck@v$(STATICCHECK_VERSION)
	mv bin/tools/staticcheck $@

.PHONY: cross
cross: ## build for every platform without CGO, and vet what is Windows' own
	@for platform in $(PLATFORMS); do \
	  echo "build $$platform"; \
	  GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 go build ./...; \
	done
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go vet ./...

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
