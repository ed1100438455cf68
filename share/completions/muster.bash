# bash completion of muster: verbs, options, names of sessions.
_muster_names() { muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4; }
_muster()
{
	local cur=${COMP_WORDS[COMP_CWORD]} verb= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
	done
	if [[ -z $verb ]]; then
		COMPREPLY=($(compgen -W "new ls attach peek send wait kill hibernate resume forget pin unpin rename tag untag archive unarchive note reap explain history footprint search events top metrics doctor server replay hook debug config version help --json --color --help --version --ascii --plain" -- "$cur"))
		return
	fi
	local opts=
	case $verb in
	new) opts="-n -c -p -t -e --size --pin --mem-max --no-store --prompt -d" ;;
	ls) opts="-a -w --tag --state" ;;
	attach) opts="--line $(_muster_names)" ;;
	peek) opts="--history --lines --ansi $(_muster_names)" ;;
	send) opts="--tag --key --no-enter --when-idle --no-wait $(_muster_names)" ;;
	wait) opts="--for --timeout $(_muster_names)" ;;
	kill) opts="--now $(_muster_names)" ;;
	hibernate) opts="--force $(_muster_names)" ;;
	resume|forget|pin|unpin|rename|tag|untag|archive|unarchive|note) opts="$(_muster_names)" ;;
	reap) opts="--idle --min --growing --dry-run --yes" ;;
	explain) opts="$(_muster_names)" ;;
	history) opts="--since --csv $(_muster_names)" ;;
	footprint) opts="--outside $(_muster_names)" ;;
	search) opts="--regex --session --since" ;;
	events) opts="$(_muster_names)" ;;
	server) opts="--kill-sessions start stop status" ;;
	replay) opts="--size --resize --scrollback --chunk --json --cells --stats" ;;
	hook) opts="--key" ;;
	debug) opts="check dump handles" ;;
	config) opts="path check default" ;;
	esac
	COMPREPLY=($(compgen -W "$opts --json" -- "$cur"))
}
complete -F _muster -o default muster
