# The commands of the README. `make help` lists them.

GO        ?= go
FUZZTIME  ?= 10m
BENCH     ?= .
FAULTSECS ?= 60
TIMEOUT   ?= 15m

.DEFAULT_GOAL := help
.PHONY: help build demo test check fuzz bench faults

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the static program bin/samlgate
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/samlgate ./cmd/samlgate

demo: build ## build and run the demo: an identity provider, three people, two apps
	@exec bin/samlgate demo

test: ## install from Debian what the tests need, then run all of them with the race detector
	@.ci/install
	CGO_ENABLED=1 $(GO) test -race -timeout $(TIMEOUT) ./...

check: ## gofmt, vet, staticcheck, go mod tidy, and the files for deployment
	@.ci/check

fuzz: ## run every fuzz target for FUZZTIME (10m) each, one on each core
	@FUZZTIME=$(FUZZTIME) GO="$(GO)" .ci/fuzz

faults: ## break what can break for FAULTSECS (60) each while people sign in and out, and print what it did
	FAULTSECS=$(FAULTSECS) $(GO) test -count=1 -v -timeout 3h ./cmd/samlgate/e2e/faults

bench: ## run the Go benchmarks that match BENCH (.)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 1h ./...
