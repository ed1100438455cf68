# muster: see README.md. Everything is built below build/<variant>/.
#   make [release]  make test  make asan  make tsan  make fuzz  make bench  make lint  make analyze  make format
#   make faults  make coverage  make man  make install  make uninstall  make dist  make deb  make deps

VARIANT ?= release
# V=1 shows the commands
Q := $(if $(V),,@)
B := build/$(VARIANT)
PREFIX ?= /usr/local
CC ?= gcc
VERSION := 0.1.0

PKGS := libuv ncursesw sqlite3 libutf8proc libzstd jansson libpcre2-8
PKG_CONFIG ?= pkg-config
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -linih -lm

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
ifdef WERROR
WARN += -Werror
endif
BASE := -std=c17 -D_GNU_SOURCE -DMUSTER_VERSION='"$(VERSION)"' -I. -MMD -MP $(WARN) $(PKG_CFLAGS)
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
LDHARDEN := -pie -Wl,-z,relro,-z,now

OPT_release := -O2 -g $(HARDEN)
OPT_debug := -O0 -g3 -DMUSTER_DEBUG
# asan shrinks the constants (TORTURE) so that limits are met early
OPT_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DMUSTER_DEBUG -DMUSTER_TORTURE
OPT_tsan := -O1 -g -fsanitize=thread -DMUSTER_DEBUG
# NULL + 0, an empty buffer's end, is no finding
OPT_fuzz := -O2 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-coverage=trace-cmp -fno-sanitize-recover=undefined \
	-fno-sanitize=pointer-overflow -DMUSTER_DEBUG -DMUSTER_TORTURE
OPT_posix := $(OPT_debug)
OPT_coverage := -O0 -g --coverage -DMUSTER_DEBUG
OPT_werror := $(OPT_release)
LD_release := $(LDHARDEN)
LD_werror := $(LDHARDEN)
LD_fuzz := -fsanitize=address,undefined
LD_asan := -fsanitize=address,undefined
LD_tsan := -fsanitize=thread
LD_coverage := --coverage
# a mutant restores the shape of a known leak: the leak gate must turn red on it (tests/core/mutants.sh)
MUTANT ?=
ifneq ($(MUTANT),)
B := build/mutant-$(MUTANT)
OPT_release += -DMUTANT_$(MUTANT)
endif

CFLAGS_ALL := $(BASE) $(OPT_$(VARIANT)) $(CFLAGS)
LDFLAGS_ALL := $(LD_$(VARIANT)) $(LDFLAGS)

LAYERS := core store sessions tui
# OS=posix builds the fallback in place of this system's own platform file (CI does)
OS ?= linux
core_SRC := $(filter-out $(filter-out core/os/os_$(OS).c,$(wildcard core/os/os_*.c)),$(wildcard core/*/*.c))
store_SRC := $(wildcard store/*.c)
# the keeper's records are spoken on both sides
sessions_SRC := $(filter-out sessions/keeper/%,$(wildcard sessions/*.c sessions/*/*.c)) sessions/keeper/record.c
tui_SRC := $(filter-out tui/main.c,$(wildcard tui/*.c tui/*/*.c))
keeper_SRC := $(wildcard sessions/keeper/*.c)

obj = $(patsubst %.c,$(B)/%.o,$(1))
LIBS := $(foreach l,$(LAYERS),$(B)/lib$(l).a)
# what a test of a layer may link: itself and the layers below
core_LINK := $(B)/libcore.a
store_LINK := $(B)/libstore.a $(core_LINK)
sessions_LINK := $(B)/libsessions.a $(store_LINK)
tui_LINK := $(B)/libtui.a $(sessions_LINK)

# the longest begin first, then those that wait most
LONGEST := $(patsubst %,$(B)/tests/%,sessions/test_strays sessions/test_lifecycle core/test_growth sessions/test_server \
	core/test_leak sessions/test_truth store/test_meta sessions/test_ends sessions/test_fleet tui/test_attach \
	tui/test_search_view tui/test_cli sessions/test_worktree sessions/test_typing tui/test_manual)
TESTS := $(foreach l,sessions tui store core,$(patsubst %.c,$(B)/%,$(wildcard tests/$(l)/test_*.c)))
TESTS := $(filter $(TESTS),$(LONGEST)) $(filter-out $(LONGEST),$(TESTS))
TOOLS := $(patsubst %.c,$(B)/%,$(wildcard tests/tools/*.c)) \
	$(patsubst %.c,$(B)/%.so,$(wildcard tests/tools/preload/*.c))

.PHONY: all release test test-core asan tsan fuzz bench torture faults analyze coverage lint format man install uninstall dist deb deps clean check-tools
all: $(B)/muster $(if $(keeper_SRC),$(B)/muster-keeper)
release:
	$(MAKE) VARIANT=release all

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(if $(V),,@echo 'CC $<')
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# Profiles, themes and what `skill` prints are compiled in, so that the binary has them wherever it
# stands: one C string a file, quoted line by line.
$(B)/%.inc: $(wildcard share/profiles/*.ini share/themes/*.ini share/skill/*.md) Makefile
	@mkdir -p $(@D)
	@for f in share/$*/*.*; do echo "{\"$${f##*/}\","; \
		sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $$f; echo '},'; done > $@
$(B)/sessions/agent/profile.o: $(B)/profiles.inc
$(B)/sessions/agent/profile.o: CFLAGS_ALL += -I$(B)
$(B)/tui/draw/theme_file.o: $(B)/themes.inc
$(B)/tui/draw/theme_file.o: CFLAGS_ALL += -I$(B)
$(B)/tui/cli/help.o: $(B)/skill.inc
$(B)/tui/cli/help.o: CFLAGS_ALL += -I$(B)

define layer_lib
$(B)/lib$(1).a: $(call obj,$($(1)_SRC))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_lib,$(l))))

$(B)/muster: $(B)/tui/main.o $(B)/libtui.a $(B)/libsessions.a $(B)/libstore.a $(B)/libcore.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(filter %.a,$^) $(PKG_LIBS)
$(B)/muster-keeper: $(call obj,$(keeper_SRC))
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^

define layer_test
$(B)/tests/$(1)/test_%: $(B)/tests/$(1)/test_%.o $($(1)_LINK)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $$@ $$^ $(PKG_LIBS) -lcmocka
endef
$(foreach l,$(LAYERS),$(eval $(call layer_test,$(l))))
# helpers of tests are measured and killed: they run without sanitizers
$(B)/tests/tools/%.o: CFLAGS_ALL := $(BASE) -O1 -g
$(B)/tests/tools/%: LDFLAGS_ALL :=
$(B)/tests/tools/%: $(B)/tests/tools/%.o
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(B)/tests/tools/preload/%.so: tests/tools/preload/%.c tests/tools/preload/%.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) -O1 -g -shared -fPIC -o $@ $<

# fuzz targets reach every layer; make VARIANT=fuzz CC=clang, see tests/fuzz/run
$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIBS)
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined -o $@ $< $(B)/libtui.a $(B)/libsessions.a $(B)/libstore.a \
		$(B)/libcore.a $(PKG_LIBS)
BENCH_OBJ := $(B)/tests/bench/corpus.o
BENCH := $(patsubst %.c,$(B)/%,$(filter-out tests/bench/corpus.c,$(wildcard tests/bench/*.c)))
$(B)/tests/fuzz/seeds: $(B)/tests/fuzz/seeds.o $(BENCH_OBJ) $(B)/libcore.a
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(BENCH): $(B)/tests/bench/%: $(B)/tests/bench/%.o $(BENCH_OBJ) $(LIBS)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(BENCH_OBJ) $(B)/libtui.a $(B)/libsessions.a $(B)/libstore.a \
		$(B)/libcore.a $(PKG_LIBS)

$(B)/tests/torture/%: $(B)/tests/torture/%.o $(sessions_LINK)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

test: all $(TESTS) $(TOOLS)
	tests/run $(B) $(TESTS)
test-core: $(filter $(B)/tests/core/%,$(TESTS)) $(TOOLS)
	tests/run $(B) $(filter $(B)/tests/core/%,$(TESTS))
asan:
	$(MAKE) VARIANT=asan test
tsan:
	$(MAKE) VARIANT=tsan CC=clang test
fuzz:
	tests/fuzz/run $(FUZZ_ARGS)
bench: all $(BENCH)
	tests/bench/run $(B) $(BENCH_ARGS)
analyze:
	tests/analyze
# the branches that the tests take
coverage:
	-find build/coverage -name '*.gcda' -delete
	-$(MAKE) VARIANT=coverage test
	tests/coverage build/coverage
torture: all $(B)/tests/torture/torture
	for who in server keeper mixed both upgrade writes; do $(B)/tests/torture/torture $(B) $(or $(KILLS),100) 4 $$who || exit 1; done
# one failing call from each place that makes such calls: FAULTS='server malloc'
faults: all $(B)/tests/torture/faults $(B)/tests/tools/preload/nth_fails.so
	$(B)/tests/torture/faults $(B) $(FAULTS)
lint:
	tests/lint
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# Manual pages, made from the tables that the program is made of.
MAN := $(addprefix $(B)/man/,muster.1 muster-config.5 muster-protocol.7)
man: $(MAN)
$(B)/man/%: share/man/make tui/verb/verbs.def tui/verb/verb_text.def $(wildcard sessions/config/*.def) \
		sessions/agent/profile_keys.def share/doc/protocol.md $(wildcard share/man/*.in)
	@mkdir -p $(@D)
	$(Q)share/man/make $* >$@.new && mv $@.new $@

# What is installed: a source, its directory there, its name there. uninstall takes away the same.
INSTALLED := $(B)/muster:bin/muster $(B)/muster-keeper:bin/muster-keeper \
	$(B)/man/muster.1:share/man/man1/muster.1 $(B)/man/muster-config.5:share/man/man5/muster-config.5 \
	$(B)/man/muster-protocol.7:share/man/man7/muster-protocol.7 share/man/muster-keeper.1:share/man/man1/muster-keeper.1 \
	share/completions/muster.bash:share/bash-completion/completions/muster \
	share/completions/muster.zsh:share/zsh/site-functions/_muster \
	share/completions/muster.fish:share/fish/vendor_completions.d/muster.fish \
	share/systemd/muster.service:lib/systemd/user/muster.service \
	share/systemd/muster-metrics.socket:lib/systemd/user/muster-metrics.socket \
	share/systemd/muster-metrics@.service:lib/systemd/user/muster-metrics@.service \
	$(foreach f,$(wildcard share/schema/*.json),$(f):share/muster/schema/$(notdir $(f))) \
	$(foreach f,$(wildcard share/monitoring/*),$(f):share/muster/monitoring/$(notdir $(f))) \
	README.md:share/doc/muster/README.md LICENSE:share/doc/muster/LICENSE \
	$(foreach f,$(wildcard share/doc/*.md share/doc/*.png share/doc/*/*.png),$(f):share/doc/muster/$(f))
install: all man
	for f in $(INSTALLED); do \
		to=$(DESTDIR)$(PREFIX)/$${f#*:}; mode=644; case $$to in */bin/*) mode=755 ;; esac; \
		install -D -m $$mode "$${f%%:*}" "$$to" || exit 1; \
	done
	sed -i 's|@BINDIR@|$(PREFIX)/bin|' $(DESTDIR)$(PREFIX)/lib/systemd/user/muster*.service
uninstall:
	for f in $(INSTALLED); do rm -f "$(DESTDIR)$(PREFIX)/$${f#*:}"; done
	cd "$(DESTDIR)$(PREFIX)" && for f in $(INSTALLED); do \
		d=$$(dirname "$${f#*:}"); \
		until case $$d in bin|lib|share|share/man|.) true ;; *) ! rmdir "$$d" 2>/dev/null ;; esac; do d=$$(dirname "$$d"); done; \
	done

# A tarball that builds without git: what is committed.
dist:
	@mkdir -p $(B)
	git archive --format=tar.gz --prefix=muster-$(VERSION)/ -o $(B)/muster-$(VERSION).tar.gz HEAD
	@echo $(B)/muster-$(VERSION).tar.gz
# A Debian package, in build/deb. ARCH=arm64 makes it for another machine (needs its compiler and libraries).
deb:
	share/packaging/deb $(VERSION) $(ARCH)

DEPS := gcc make pkg-config libuv1-dev libncurses-dev libsqlite3-dev libutf8proc-dev libzstd-dev \
	libjansson-dev libinih-dev libpcre2-dev libcmocka-dev
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
deps:
	$(SUDO) apt-get update -q
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(DEPS)

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.SECONDARY:
