#!/bin/bash
# The leak gate, tested: each mutant restores the shape of a known leak, and the gate must turn red.
#   size_reset       dropping history forgets how much the page held (the leak that grew to 37 GB)
#   no_decommit      a page goes back without its memory
#   annex_unchained  a table's second page is not chained to its first
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0
gate=tests/core/test_leak
run() { MUSTER_HOME=/nonexistent timeout 300 "$1" >"$log" 2>&1; }
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
make -s build/release/$gate >/dev/null || exit 1
if run build/release/$gate; then
	echo "unchanged: green"
else
	echo "unchanged: RED: the gate itself fails"
	tail -20 "$log"
	bad=1
fi
for m in size_reset no_decommit annex_unchained; do
	make -s MUTANT=$m build/mutant-$m/$gate >/dev/null || exit 1
	if run build/mutant-$m/$gate; then
		echo "$m: green: THE GATE DOES NOT SEE IT"
		bad=1
	elif grep -q 'the system holds\|FAILED  \]' "$log"; then
		echo "$m: red, as it must be"
	else
		echo "$m: the gate did not run to a verdict"
		tail -5 "$log"
		bad=1
	fi
	rm -rf "build/mutant-$m"
done
exit $bad
