# SPDX-License-Identifier: Apache-2.0
_eventd() {
  local verbs=" ${COMP_WORDS[*]:1:COMP_CWORD-1} " words
  case "$verbs" in
    *" run "*) words="--data-dir --help --quiet --set --verbose -X -h -q -v" ;;
    *) words="--data-dir --help --listen-anywhere --port --port-file --quiet --set --verbose --version -V -X -h -q -v" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _eventd eventd
