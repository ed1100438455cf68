# bash completion of muster: `muster complete` knows what may stand where.
_muster()
{
	local words=() i word what dirs= files=
	# bash takes --opt=value apart; muster takes it whole
	for ((i = 1; i <= COMP_CWORD; i++)); do
		if ((i > 1)) && [[ ${COMP_WORDS[i]} == = || ${COMP_WORDS[i - 1]} == = ]] && [[ ${words[-1]} == --* ]]; then
			words[-1]+=${COMP_WORDS[i]}
		else
			words+=("${COMP_WORDS[i]}")
		fi
	done
	local cur=${COMP_WORDS[COMP_CWORD]} last=${words[-1]}
	[[ $cur == = ]] && cur=
	COMPREPLY=()
	while IFS=$'\t' read -r word what; do
		case $word in
		:dirs) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$cur") ;;
		:files) compopt -o filenames; mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur"; ((COMP_CWORD)) && compgen -c -- "$cur" | head -200) ;;
		*) COMPREPLY+=("${word#"${last%"$cur"}"}") ;;
		esac
	done < <(muster complete -- "${words[@]}" 2>/dev/null)
}
complete -F _muster muster
