# muster: see README.md. Everything is built below build/<variant>/.
#   make [release]  make test  make asan  make tsan  make fuzz  make bench  make lint  make format  make install  make deps

VARIANT ?= release
B := build/$(VARIANT)
PREFIX ?= /usr/local
CC ?= gcc
VERSION := 0.1.0

PKGS := libuv ncursesw sqlite3 libutf8proc libzstd jansson libpcre2-8
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -linih -lm

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
ifdef WERROR
WARN += -Werror
endif
BASE := -std=c17 -D_GNU_SOURCE -DMUSTER_VERSION='"$(VERSION)"' -DMUSTER_SHARE='"$(PREFIX)/share/muster"' \
	-DMUSTER_SRC_SHARE='"$(CURDIR)/share"' -I. -MMD -MP $(WARN) $(PKG_CFLAGS)
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
LDHARDEN := -pie -Wl,-z,relro,-z,now

OPT_release := -O2 -g $(HARDEN)
OPT_debug := -O0 -g3 -DMUSTER_DEBUG
# asan shrinks the constants (TORTURE) so that limits are met early
OPT_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DMUSTER_DEBUG -DMUSTER_TORTURE
OPT_tsan := -O1 -g -fsanitize=thread -DMUSTER_DEBUG
OPT_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -DMUSTER_DEBUG -DMUSTER_TORTURE
LD_release := $(LDHARDEN)
LD_asan := -fsanitize=address,undefined
LD_tsan := -fsanitize=thread
# a mutant restores the shape of a known leak: the leak gate must turn red on it (tests/core/mutants.sh)
MUTANT ?=
ifneq ($(MUTANT),)
B := build/mutant-$(MUTANT)
OPT_release += -DMUTANT_$(MUTANT)
endif

CFLAGS_ALL := $(BASE) $(OPT_$(VARIANT)) $(CFLAGS)
LDFLAGS_ALL := $(LD_$(VARIANT)) $(LDFLAGS)

LAYERS := core store sessions tui
core_SRC := $(filter-out core/os_darwin.c core/os_posix.c,$(wildcard core/*.c))
store_SRC := $(wildcard store/*.c)
sessions_SRC := $(wildcard sessions/*.c)
tui_SRC := $(filter-out tui/main.c,$(wildcard tui/*.c))
keeper_SRC := $(wildcard sessions/keeper/*.c)

obj = $(patsubst %.c,$(B)/%.o,$(1))
LIBS := $(foreach l,$(LAYERS),$(B)/lib$(l).a)
# what a test of a layer may link: itself and the layers below
core_LINK := $(B)/libcore.a
store_LINK := $(B)/libstore.a $(core_LINK)
sessions_LINK := $(B)/libsessions.a $(store_LINK)
tui_LINK := $(B)/libtui.a $(sessions_LINK)

TESTS := $(foreach l,$(LAYERS),$(patsubst %.c,$(B)/%,$(wildcard tests/$(l)/test_*.c)))
TOOLS := $(patsubst %.c,$(B)/%,$(wildcard tests/tools/*.c))

.PHONY: all release test asan tsan fuzz bench lint format install deps clean check-tools
all: $(B)/muster $(B)/muster-keeper
release:
	$(MAKE) VARIANT=release all

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

# The profiles are compiled in, so that the binary knows its CLIs wherever it stands: one C string a
# file, quoted line by line.
$(B)/profiles.inc: $(wildcard share/profiles/*.ini) Makefile
	@mkdir -p $(@D)
	@for f in $(filter %.ini,$^); do echo "{\"$${f##*/}\","; \
		sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $$f; echo '},'; done > $@
$(B)/sessions/profile.o: $(B)/profiles.inc
$(B)/sessions/profile.o: CFLAGS_ALL += -I$(B)

define layer_lib
$(B)/lib$(1).a: $(call obj,$($(1)_SRC))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_lib,$(l))))

$(B)/muster: $(B)/tui/main.o $(B)/libtui.a $(B)/libsessions.a $(B)/libstore.a $(B)/libcore.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)
$(B)/muster-keeper: $(call obj,$(keeper_SRC))
	$(CC) $(LDFLAGS_ALL) -o $@ $^

define layer_test
$(B)/tests/$(1)/test_%: $(B)/tests/$(1)/test_%.o $($(1)_LINK)
	$(CC) $(LDFLAGS_ALL) -o $$@ $$^ $(PKG_LIBS) -lcmocka
endef
$(foreach l,$(LAYERS),$(eval $(call layer_test,$(l))))
$(B)/tests/tools/%: $(B)/tests/tools/%.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^

test: all $(TESTS) $(TOOLS)
	tests/run $(B) $(TESTS)
asan:
	$(MAKE) VARIANT=asan test
tsan:
	$(MAKE) VARIANT=tsan CC=clang test
fuzz:
	tests/fuzz/run $(FUZZ_ARGS)
bench: all
	tests/bench/run $(B)
lint:
	tests/lint
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/muster $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(B)/muster $(B)/muster-keeper $(DESTDIR)$(PREFIX)/bin
	cp -r share/profiles $(DESTDIR)$(PREFIX)/share/muster/
	[ ! -d share/themes ] || cp -r share/themes $(DESTDIR)$(PREFIX)/share/muster/
	[ ! -d share/man ] || install -m 644 share/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/

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
