# SPDX-License-Identifier: Apache-2.0
_event_admin() {
  local verbs=" ${COMP_WORDS[*]:1:COMP_CWORD-1} " words
  case "$verbs" in
    *" topic list "*) words="--all --brokers --help --json --quiet --set --verbose --version -V -X -b -h -j -q -v" ;;
    *" topic describe "*) words="--all --brokers --help --json --quiet --set --verbose --version -V -X -b -h -j -q -v" ;;
    *" topic offsets "*) words="--all --at --brokers --help --json --quiet --set --verbose --version -V -X -b -h -j -q -v" ;;
    *" topic create "*) words="--brokers --config --dry-run --help --if-not-exists --json --partitions --quiet --replication-factor --set --verbose --version -V -X -b -h -j -q -v" ;;
    *" topic delete "*) words="--brokers --dry-run --help --json --quiet --set --verbose --version --yes -V -X -b -h -j -q -v" ;;
    *" topic "*) words="list describe offsets create delete --brokers --help --quiet --set --verbose --version -V -X -b -h -q -v" ;;
    *" cluster "*) words="--brokers --help --json --quiet --set --verbose --version -V -X -b -h -j -q -v" ;;
    *) words="topic cluster --brokers --help --quiet --set --verbose --version -V -X -b -h -q -v" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _event_admin event-admin
