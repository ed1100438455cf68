#!/bin/bash
# demo_agent.sh KIND NAME [MIB]: plays one AI CLI session for pictures of the dashboard. It says its
# state by OSC 7501, draws a screen as such programs do, and holds MIB of memory. KIND: permission,
# question, working, grows, done, idle.
while [[ $1 == --* ]]; do shift 2; done # what muster gives a CLI
kind=$1 name=$2 mib=${3:-40}
state() { printf '\033]7501;state=%s:app=demo%s\033\\' "$1" "${2:+:kind=$2}"; }
box() {
	printf '\033[2m%s\033[0m\r\n' "────────────────────────────────────────────────────────────────"
	printf '\033[1m❯\033[0m\xc2\xa0%s\r\n' "$1"
	printf '\033[2m%s\033[0m\r\n' "────────────────────────────────────────────────────────────────"
	printf '   \033[35m⏵⏵ accept edits on\033[0m \033[2m(shift+tab to cycle)\033[0m\r\033[2A\033[2C'
}
turn() { printf '\033[1;34m●\033[0m %b\r\n' "$1"; }
out() { printf '  \033[2m└\033[0m  %b\r\n' "$1"; }
# as much memory as asked for: the shell keeps a string
hold() { data=$(head -c $(($1 * 1048576 / 4 * 3)) /dev/urandom | base64 -w 0); }
stty -echo 2>/dev/null
hold "$mib"
printf '\033[2J\033[H\033[?25l'
printf '\033]0;%s\007' "$name"
turn "Reading src/queue.c and the tests around it"
out "src/queue.c (412 lines)"
out "tests/test_queue.c (188 lines)"
turn "The retry loop never gives up: \033[1mattempts\033[0m is reset on every wake."
case $kind in
permission)
	turn "The tests need the new column, so I will run the migration first."
	printf '\r\n \033[1mBash command\033[0m\r\n   npm run migrate\r\n   \033[2mApply pending migrations\033[0m\r\n\r\n'
	printf ' Do you want to proceed?\r\n \033[34m❯ 1. Yes\033[0m\r\n   2. Yes, and do not ask again for: npm run migrate\r\n   3. No, and tell it what to do differently (esc)\r\n'
	state blocked permission
	;;
question)
	turn "Both orders are possible; the menus differ."
	printf '\r\n \033[1mWhich locale first?\033[0m\r\n\r\n \033[34m❯ 1. German\033[0m\r\n   2. French\r\n   3. Japanese\r\n'
	state blocked question
	;;
working | grows)
	state working
	turn "Update(src/queue.c)"
	out "\033[32m+12\033[0m \033[31m-3\033[0m"
	i=0
	while :; do
		i=$((i + 1))
		printf '\033[34m✻\033[0m Verifying… \033[2m(%ds · esc to interrupt)\033[0m\r' $i
		[ $((i % 6)) = 0 ] && printf '\r\033[K' && turn "test_$((i / 6)) passes; $((RANDOM % 40 + 3)) assertions"
		[ $kind = grows ] && data+=$(head -c 900000 /dev/urandom | base64 -w 0)
		read -r -t 1 line
	done
	;;
done)
	turn "All $((RANDOM % 60 + 20)) tests pass. 3 files changed."
	printf '\r\n'
	box ""
	state idle
	;;
idle)
	printf '\r\n'
	box ""
	state idle
	;;
esac
while read -r line; do :; done
