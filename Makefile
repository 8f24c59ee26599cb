# The front door. Every target does the set-up it needs by itself; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup build run test scenario lab asan tsan fuzz differential bench tidy format docs cover e2e

JOBS ?= $(shell nproc)
S ?= *
F ?= *
T ?= dns
SECONDS_ ?= $(or $(SECONDS),60)
BUILD := build/release

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: ## install the Debian packages needed (root or sudo; asks nothing when all are there)
	@sh tools/setup.sh

build/%/build.ninja: CMakeLists.txt CMakePresets.json cmake/*.cmake | setup
	@cmake --preset $* >build-$*.log 2>&1 || { cat build-$*.log; rm -f build-$*.log; exit 1; }
	@rm -f build-$*.log

build: build/release/build.ninja ## release binary at build/release/causeway
	@ninja -C build/release -j$(JOBS) --quiet causeway

# Without a terminal it ends by itself: on a build server (CI=true, or ONCE=1) when each cause is named, else after 3 minutes.
run: build ## diagnose URL=..., or edge, watch and console on small real origins, each diagnosed; ONCE=1 ends by itself
ifdef URL
	@$(BUILD)/causeway diagnose '$(URL)'
else
	@$(BUILD)/causeway up $(if $(ONCE)$(CI),--once,$$(test -t 0 || echo --for 3m))
endif

test: ## unit, scenario and house-rule tests, then a subset of the lab when root
	@sh tools/test.sh

scenario: build/dev/build.ninja ## scenario files whose name matches S=glob
	@ninja -C build/dev -j$(JOBS) --quiet
	@sh tools/scenario.sh '$(S)'

lab: build ## real faults in namespaces (root): F=glob, prints a score; EDGE=1: codes at `causeway edge`; JOINED=1: with inspections
	@ninja -C build/release -j$(JOBS) --quiet causeway misbehave
	@$(BUILD)/causeway lab run --all --filter '$(F)' $(if $(EDGE),--through-edge) $(if $(JOINED),--joined)

asan tsan: %: build/%/build.ninja ## the whole test suite under a sanitizer
	@ninja -C build/$@ -j$(JOBS) --quiet
	@ctest --test-dir build/$@ --output-on-failure -LE tidy

fuzz: build/fuzz/build.ninja ## libFuzzer target T=dns|disk|http1|http1_incoming|h2_front|h2_link|cache|config|proxy_protocol|json|icmp|log|nft|tables|ipset|host|inspect|guard|request|trailer for SECONDS=60
	@ninja -C build/fuzz -j$(JOBS) --quiet $(T)_fuzz
	@sh tools/fuzz.sh $(T) $(SECONDS_)

differential: build ## COUNT=200 random rulesets in the kernel against the proof (root): SEED=1 FIRST=0; finds in build/differential
	@nice -n 10 python3 test/rulesets/differential.py --count $(or $(COUNT),200) --seed $(or $(SEED),1) --first $(or $(FIRST),0) --causeway $(BUILD)/causeway

bench: build ## own CPU time per diagnosis, runtime against a plain event loop
	@ninja -C build/release -j$(JOBS) --quiet misbehave bench/all
	@sh tools/bench.sh

tidy: build/dev/build.ninja ## clang-tidy with the static analyzer, all findings are errors
	@python3 tools/tidy.py --analyze

format: setup ## clang-format in place
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

e2e: ## click through the console's pages in Chromium; screenshots in build/e2e
	@E2E=1 sh tools/setup.sh
	@$(MAKE) --no-print-directory build
	@sh tools/web.sh e2e $(BUILD)/causeway

docs: build ## regenerate docs/failures.md, causes.md and observations.md from the lists
	@$(BUILD)/causeway docs docs

cover: build/cover/build.ninja ## line coverage per folder
	@ninja -C build/cover -j$(JOBS) --quiet
	@sh tools/cover.sh
