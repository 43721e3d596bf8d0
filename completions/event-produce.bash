# SPDX-License-Identifier: Apache-2.0
_event_produce() {
  local verbs=" ${COMP_WORDS[*]:1:COMP_CWORD-1} " words
  case "$verbs" in
    *) words="--brokers --dead-letter --delim --frame --header --help --json --json-value --keep-partition --key --key-delim --null --partition --partitioner --partitioner-command --quiet --rate --report --set --stats --sync --tee --verbose --version --whole --zero -0 -H -J -K -V -X -b -h -j -k -p -q -v" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _event_produce event-produce
