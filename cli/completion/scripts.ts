/** What a shell reads to complete the program's words: each asks the program itself. */
export const SHELLS: Readonly<Record<string, string>> = {
  bash: `_multus_eni() {
  local IFS=$'\\n'
  COMPREPLY=($(multus-eni __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _multus_eni multus-eni
`,
  zsh: `#compdef multus-eni
_multus_eni() {
  local -a found
  found=("\${(@f)$(multus-eni __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _multus_eni multus-eni
`,
  fish: `complete -c multus-eni -a '(multus-eni __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};
