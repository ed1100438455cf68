# fish completion of muster: `muster complete` knows what may stand where.
function __muster_complete
	set -l words (commandline -opc) (commandline -ct)
	for line in (muster complete -- $words[2..-1] 2>/dev/null)
		switch $line
			case ':dirs'
				__fish_complete_directories (commandline -ct)
			case ':files'
				__fish_complete_path (commandline -ct)
			case '*'
				echo $line
		end
	end
end
complete -c muster -f -a '(__muster_complete)'
