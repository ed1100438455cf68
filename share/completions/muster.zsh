#compdef muster
# zsh completion of muster: `muster complete` knows what may stand where.
_muster()
{
	local line word what
	local -a shown plain
	while IFS= read -r line; do
		case $line in
		:dirs) _files -/ ;;
		:files) _files ;;
		*)
			word=${line%%$'\t'*} what=${line#*$'\t'}
			[[ -n $what ]] && shown+=("${word//:/\\:}:$what") || plain+=("$word") ;;
		esac
	done < <(muster complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	(( $#shown )) && _describe muster shown
	(( $#plain )) && compadd -a plain
}
_muster "$@"
