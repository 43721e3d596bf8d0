# SPDX-License-Identifier: Apache-2.0
_event_replay() {
  local verbs=" ${COMP_WORDS[*]:1:COMP_CWORD-1} " words
  case "$verbs" in
    *) words="--brokers --delim --follow --frame --from --help --import --json --json-value --key --key-delim --null --partition --quiet --require --roll --set --stats --sum --timeout --to --topic --until --verbose --verify --version --zero -0 -J -K -V -X -b -f -h -j -k -p -q -t -v" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _event_replay event-replay
