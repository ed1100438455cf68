#!/bin/bash
# pictures.sh [-b BINARY] [-o DIR] [NAME]...: pictures of the running program with 25 played sessions,
# for README and manual, dark and light: dashboard wall memory slept reap search menu. Needs tmux, and in $TO_PNG
# a program that takes `tmux capture-pane -e -p` on standard input and writes the picture named
# (options: --theme dark|light). Without it the captures themselves are left as NAME.ansi.
set -u
here=$(cd "$(dirname "$0")" && pwd)
muster=$here/../../build/release/muster out=$here/../../share/doc/pictures
while getopts b:o: o; do
	case $o in b) muster=$OPTARG ;; o) out=$OPTARG ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))
muster=$(realpath "$muster")
names=${*:-dashboard wall memory slept reap search menu}
home=$(mktemp -d /tmp/muster-pictures-XXXXXX)
export MUSTER_HOME=$home/m
mkdir -p "$MUSTER_HOME" "$home/w"/{api,docs,front,infra,lab} "$out"
term=(tmux -L "muster-pictures-$$" -f /dev/null)
trap '"${term[@]}" kill-server 2>/dev/null; "$muster" server stop --kill-sessions >/dev/null 2>&1; rm -rf "$home"' EXIT

# fast samples, so that curves and verdicts come within the minute
printf '[sampling]\ntick = 1s\n[reap]\nidle = 5s\nmin_age = 1s\nmin = 20M\n' >"$MUSTER_HOME/config.ini"
play() { # NAME KIND MIB DIR
	(cd "$home/w/$4" && "$muster" new -d -n "$1" --size 100x30 -- bash "$here/demo_agent.sh" "$2" "$1" "$3" >/dev/null)
}
play api-refactor permission 90 api
play docs-i18n question 60 docs
play flaky-ci grows 120 api
i=0
for n in parser-fuzz bench-arena compose-up migrate-vue3 perf-trace schema-diff; do
	play "$n" working $((20 + i * 9)) lab
	i=$((i + 1))
done
for n in old-spike readme-pass auth-review i18n-try2 perf-notes todo-sweep lint-all nightly sql-notes \
	release-2.4 css-grid wasm-try auth-spike log-rotate cache-keys node-22; do
	play "$n" "$([ $((i % 2)) = 0 ] && echo done || echo idle)" $((15 + i * 5 % 90)) front
	i=$((i + 1))
done

play slept grows 200 lab
for _ in $(seq 900); do # until its memory has been seen for a while
	[ "$("$muster" history slept --csv 2>/dev/null | wc -l)" -gt 90 ] && break
	read -rt 0.2 <> <(:)
done
"$muster" hibernate slept --force >/dev/null

# waits until the screen says it
shown() {
	for _ in $(seq 100); do
		"${term[@]}" capture-pane -t shot -p 2>/dev/null | grep -qF -- "$1" && return
		read -rt 0.1 <> <(:)
	done
	echo "never shown: $1" >&2
	return 1
}
keys() { "${term[@]}" send-keys -t shot "$@"; }
take() { # NAME THEME
	"${term[@]}" capture-pane -t shot -e -p >"$home/shot"
	if [ -n "${TO_PNG:-}" ]; then
		"$TO_PNG" "$out/$1-$2.png" --theme "$2" <"$home/shot"
	else
		cp "$home/shot" "$out/$1-$2.ansi"
	fi
}
# Each picture has a start of its own: what was typed for the one before is nobody's.
picture() { # NAME THEME
	"${term[@]}" new-session -d -s shot -x 120 -y 34 "env COLORTERM=truecolor MUSTER_HOME=$MUSTER_HOME '$muster'"
	shown "NEEDS YOU"
	case $1 in
	wall) keys w; shown "1 of 25" ;;
	memory) keys /; keys flaky-ci; keys Enter; keys m; shown NOW ;;
	slept) keys /; keys slept; keys Enter; keys m; shown "slept, freed" ;;
	reap) keys R; shown "CAN SLEEP NOW" ;;
	search) keys s; keys assertions; shown "hits in" ;;
	menu) keys g; keys Enter; shown "docs-i18n"; keys 'C-\'; shown "esc cancel" ;;
	esac
	take "$1" "$2"
	"${term[@]}" kill-session -t shot
}
"${term[@]}" new-session -d -s base cat # its server outlives the pictures
for theme in dark light; do
	sed -i '/^\[ui\]/,$d' "$MUSTER_HOME/config.ini"
	printf '[ui]\ntheme = %s\n' "$theme" >>"$MUSTER_HOME/config.ini"
	for n in $names; do picture "$n" "$theme"; done
done
