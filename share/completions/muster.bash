# bash completion of muster: verbs, options, names of sessions.
_muster()
{
	local cur=${COMP_WORDS[COMP_CWORD]} verb= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
	done
	if [[ -z $verb ]]; then
		COMPREPLY=($(compgen -W "new ls attach peek send wait kill hibernate resume forget pin unpin rename tag reap explain history footprint search events top metrics doctor server replay hook config version help --json --color --help --version --ascii --plain" -- "$cur"))
		return
	fi
	local words=
	case $verb in
	new) words="-n -c -p -t -e --size --pin --mem-max --no-store --prompt -d" ;;
	ls) words="-a -w --tag --state" ;;
	attach) words="--line $(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	peek) words="--history --lines --ansi $(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	send) words="--tag --key --no-enter --when-idle --no-wait $(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	wait) words="--for --timeout $(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	kill) words="--now $(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	hibernate) words="--force $(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	resume) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	forget) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	pin) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	unpin) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	rename) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	tag) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	reap) words="--idle --min --growing --dry-run --yes" ;;
	explain) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	history) words="--since --csv $(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	footprint) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	search) words="--regex --session --since" ;;
	events) words="$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)" ;;
	server) words="--kill-sessions start stop status" ;;
	replay) words="--size --resize --scrollback --chunk --json --cells --stats" ;;
	hook) words="--key" ;;
	config) words="path check default" ;;
	esac
	COMPREPLY=($(compgen -W "$words --json" -- "$cur"))
}
complete -F _muster -o default muster
