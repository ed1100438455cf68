#compdef muster
# zsh completion of muster: verbs, options, names of sessions.
_muster_sessions() { compadd -- ${(f)"$(muster ls -a --json 2>/dev/null | grep -o '"name":"[^"]*"' | cut -d\" -f4)"} }
_muster() {
	local -a verbs
	verbs=(
		'new:start a session; attaches unless -d or no tty'
		'ls:list sessions; -a with exited, lost and archived, -w follows'
		'attach:show a session on the whole terminal'
		'peek:print a session'\''s screen'
		'send:type into a session'
		'wait:wait until a session is idle, ready, blocked or ended'
		'kill:end sessions'
		'hibernate:put sessions to sleep: ended, resumable, no memory'
		'resume:wake sessions'
		'forget:delete all that is stored of ended sessions'
		'pin:never put these sessions to sleep'
		'unpin:undo pin'
		'rename:give a session another name'
		'tag:add a tag'
		'untag:take a tag off'
		'archive:take sessions out of the list until they need you'
		'unarchive:put archived sessions back into the list'
		'note:keep a line of your own with a session'
		'reap:offer to put idle sessions to sleep that cost or grow'
		'explain:explain a session'\''s state, memory trend, and whether it can sleep'
		'history:footprint over time'
		'footprint:memory by process, role and category'
		'search:find text in all sessions, live, asleep and exited'
		'events:what happened to sessions'
		'top:sessions by footprint, refreshing'
		'metrics:figures in Prometheus text format'
		'doctor:check terminal, server, store and leak counters'
		'server:the process that owns the sessions'
		'replay:feed recorded bytes to a fresh terminal and print what it shows'
		'hook:report from a CLI'\''s hook (JSON on standard input)'
		'debug:what the server finds when it examines itself'
		'config:show, check or print the configuration'
		'version:print the version'
		'help:this list, or one verb'
	)
	if (( CURRENT == 2 )); then
		_describe verb verbs
		return
	fi
	if [[ $PREFIX == -* ]]; then
		local opts=
		case $words[2] in
		new) opts="-n -c -p -t -e --size --pin --mem-max --no-store --prompt -d" ;;
		ls) opts="-a -w --tag --state" ;;
		attach) opts="--line" ;;
		peek) opts="--history --lines --ansi" ;;
		send) opts="--tag --key --no-enter --when-idle --no-wait" ;;
		wait) opts="--for --timeout" ;;
		kill) opts="--now" ;;
		hibernate) opts="--force" ;;
		reap) opts="--idle --min --growing --dry-run --yes" ;;
		history) opts="--since --csv" ;;
		footprint) opts="--outside" ;;
		search) opts="--regex --session --since" ;;
		server) opts="--kill-sessions" ;;
		replay) opts="--size --resize --scrollback --chunk --json --cells --stats" ;;
		hook) opts="--key" ;;
		esac
		compadd -- ${=opts} --json
		return
	fi
	case $words[2] in
	attach|peek|send|wait|kill|hibernate|resume|forget|pin|unpin|rename|tag|untag|archive|unarchive|note|explain|history|footprint|events) _muster_sessions ;;
	server) compadd start stop status ;;
	debug) compadd check dump handles ;;
	config) compadd path check default ;;
	*) _files ;;
	esac
}
_muster "$@"
