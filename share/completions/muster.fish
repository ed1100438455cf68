# fish completion of muster: verbs, options, names of sessions.
function __muster_sessions
	muster ls -a --json 2>/dev/null | string match -ra '"name":"([^"]*)"' -g
end
complete -c muster -f
complete -c muster -n __fish_use_subcommand -a new -d 'start a session; attaches unless -d or no tty'
complete -c muster -n __fish_use_subcommand -a ls -d 'list sessions; -a with exited, lost and archived, -w follows'
complete -c muster -n __fish_use_subcommand -a attach -d 'show a session on the whole terminal'
complete -c muster -n __fish_use_subcommand -a peek -d 'print a session\'s screen'
complete -c muster -n __fish_use_subcommand -a send -d 'type into a session'
complete -c muster -n __fish_use_subcommand -a wait -d 'wait until a session is idle, ready, blocked or ended'
complete -c muster -n __fish_use_subcommand -a kill -d 'end sessions'
complete -c muster -n __fish_use_subcommand -a hibernate -d 'put sessions to sleep: ended, resumable, no memory'
complete -c muster -n __fish_use_subcommand -a resume -d 'wake sessions'
complete -c muster -n __fish_use_subcommand -a forget -d 'delete all that is stored of ended sessions'
complete -c muster -n __fish_use_subcommand -a pin -d 'never put these sessions to sleep'
complete -c muster -n __fish_use_subcommand -a unpin -d 'undo pin'
complete -c muster -n __fish_use_subcommand -a rename -d 'give a session another name'
complete -c muster -n __fish_use_subcommand -a tag -d 'add a tag'
complete -c muster -n __fish_use_subcommand -a untag -d 'take a tag off'
complete -c muster -n __fish_use_subcommand -a archive -d 'take sessions out of the list until they need you'
complete -c muster -n __fish_use_subcommand -a unarchive -d 'put archived sessions back into the list'
complete -c muster -n __fish_use_subcommand -a note -d 'keep a line of your own with a session'
complete -c muster -n __fish_use_subcommand -a reap -d 'offer to put idle sessions to sleep that cost or grow'
complete -c muster -n __fish_use_subcommand -a explain -d 'explain a session\'s state, memory trend, and whether it can sleep'
complete -c muster -n __fish_use_subcommand -a history -d 'footprint over time'
complete -c muster -n __fish_use_subcommand -a footprint -d 'memory by process, role and category'
complete -c muster -n __fish_use_subcommand -a search -d 'find text in all sessions, live, asleep and exited'
complete -c muster -n __fish_use_subcommand -a events -d 'what happened to sessions'
complete -c muster -n __fish_use_subcommand -a top -d 'sessions by footprint, refreshing'
complete -c muster -n __fish_use_subcommand -a metrics -d 'figures in Prometheus text format'
complete -c muster -n __fish_use_subcommand -a doctor -d 'check terminal, server, store and leak counters'
complete -c muster -n __fish_use_subcommand -a server -d 'the process that owns the sessions'
complete -c muster -n __fish_use_subcommand -a replay -d 'feed recorded bytes to a fresh terminal and print what it shows'
complete -c muster -n __fish_use_subcommand -a hook -d 'report from a CLI\'s hook (JSON on standard input)'
complete -c muster -n __fish_use_subcommand -a debug -d 'what the server finds when it examines itself'
complete -c muster -n __fish_use_subcommand -a config -d 'show, check or print the configuration'
complete -c muster -n __fish_use_subcommand -a version -d 'print the version'
complete -c muster -n __fish_use_subcommand -a help -d 'this list, or one verb'
complete -c muster -n '__fish_seen_subcommand_from new' -s n
complete -c muster -n '__fish_seen_subcommand_from new' -s c
complete -c muster -n '__fish_seen_subcommand_from new' -s p
complete -c muster -n '__fish_seen_subcommand_from new' -s t
complete -c muster -n '__fish_seen_subcommand_from new' -s e
complete -c muster -n '__fish_seen_subcommand_from new' -l size
complete -c muster -n '__fish_seen_subcommand_from new' -l pin
complete -c muster -n '__fish_seen_subcommand_from new' -l mem-max
complete -c muster -n '__fish_seen_subcommand_from new' -l no-store
complete -c muster -n '__fish_seen_subcommand_from new' -l prompt
complete -c muster -n '__fish_seen_subcommand_from new' -s d
complete -c muster -n '__fish_seen_subcommand_from ls' -s a
complete -c muster -n '__fish_seen_subcommand_from ls' -s w
complete -c muster -n '__fish_seen_subcommand_from ls' -l tag
complete -c muster -n '__fish_seen_subcommand_from ls' -l state
complete -c muster -n '__fish_seen_subcommand_from peek' -l history
complete -c muster -n '__fish_seen_subcommand_from peek' -l lines
complete -c muster -n '__fish_seen_subcommand_from peek' -l ansi
complete -c muster -n '__fish_seen_subcommand_from send' -l tag
complete -c muster -n '__fish_seen_subcommand_from send' -l key
complete -c muster -n '__fish_seen_subcommand_from send' -l no-enter
complete -c muster -n '__fish_seen_subcommand_from send' -l when-idle
complete -c muster -n '__fish_seen_subcommand_from send' -l no-wait
complete -c muster -n '__fish_seen_subcommand_from wait' -l for
complete -c muster -n '__fish_seen_subcommand_from wait' -l timeout
complete -c muster -n '__fish_seen_subcommand_from kill' -l now
complete -c muster -n '__fish_seen_subcommand_from hibernate' -l force
complete -c muster -n '__fish_seen_subcommand_from reap' -l idle
complete -c muster -n '__fish_seen_subcommand_from reap' -l min
complete -c muster -n '__fish_seen_subcommand_from reap' -l growing
complete -c muster -n '__fish_seen_subcommand_from reap' -l dry-run
complete -c muster -n '__fish_seen_subcommand_from reap' -l yes
complete -c muster -n '__fish_seen_subcommand_from history' -l since
complete -c muster -n '__fish_seen_subcommand_from history' -l csv
complete -c muster -n '__fish_seen_subcommand_from attach' -l line
complete -c muster -n '__fish_seen_subcommand_from footprint' -l outside
complete -c muster -n '__fish_seen_subcommand_from search' -l regex
complete -c muster -n '__fish_seen_subcommand_from search' -l session
complete -c muster -n '__fish_seen_subcommand_from search' -l since
complete -c muster -n '__fish_seen_subcommand_from server' -l kill-sessions
complete -c muster -n '__fish_seen_subcommand_from replay' -l size
complete -c muster -n '__fish_seen_subcommand_from replay' -l resize
complete -c muster -n '__fish_seen_subcommand_from replay' -l scrollback
complete -c muster -n '__fish_seen_subcommand_from replay' -l chunk
complete -c muster -n '__fish_seen_subcommand_from replay' -l json
complete -c muster -n '__fish_seen_subcommand_from replay' -l cells
complete -c muster -n '__fish_seen_subcommand_from replay' -l stats
complete -c muster -n '__fish_seen_subcommand_from hook' -l key
complete -c muster -n '__fish_seen_subcommand_from attach peek send wait kill hibernate resume forget pin unpin rename tag untag archive unarchive note explain history footprint events' -a '(__muster_sessions)'
complete -c muster -l json -d 'print JSON'
