# SPDX-License-Identifier: Apache-2.0
# Made by tests/reference from what event-consume says of itself.

# The topics that the tools have met on the brokers of this line; a broker is never asked.
_event_consume_topics() {
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/event/topics list=${EVENT_BROKERS:-} file='' i item
  [[ -n $list || -n ${EVENT_PROFILE:-} ]] || list=${KAFKA_BOOTSTRAP_SERVERS:-127.0.0.1:9092}
  for ((i = 1; i < ${#words[@]} - 1; i++)); do
    case ${words[i]} in
      -b | --brokers) list=${words[i + 1]} ;;
      -b?*) list=${words[i]#-b} ;;
      --brokers=*) list=${words[i]#*=} ;;
      --profile | --profile=* | --properties | --properties=*) list='' ;;
    esac
  done
  local IFS=,
  for item in $list; do
    item=${item//[[:space:]]/}
    [[ $item == *:* ]] || item+=:9092
    file+=${file:+,}${item//[^A-Za-z0-9.,:_-]/_}
  done
  IFS=$'\n'
  if [[ -n $file && -r $folder/$file ]]; then
    cat -- "$folder/$file"
  else
    cat -- "$folder"/* 2>/dev/null | sort -u
  fi
}

# What may stand after the verbs $path: sets verbs, flags, valued (those of them with a value) and
# operands (a kind each, the last for all that follow).
_event_consume_at() {
  case $path in
    '') verbs='' flags='--brokers --delim --follow --format --frame --from --grep --header --help --json --json-value --key --key-delim --last --merge --null --partition --profile --properties --quiet --regex --require --set --stats --timeout --until --verbose --version --where --zero -0 -H -J -K -V -X -b -f -h -j -k -n -p -q -v'
      valued='--brokers --delim --format --from --grep --header --key --key-delim --last --null --partition --profile --properties --require --set --timeout --until --where -H -K -X -b -k -n -p' operands='topics' ;;
  esac
}

# The kind of what follows the option $1: topics, files, nothing that we know, or words.
_event_consume_value() {
  case $path$1 in
    *-X | *--set) kind='fetch.max.bytes= fetch.max.wait.ms= isolation.level=read_committed isolation.level=read_uncommitted max.partition.fetch.bytes= client.id= reconnect.backoff.ms= reconnect.backoff.max.ms= request.timeout.ms= retry.backoff.ms= retry.backoff.max.ms= socket.connection.setup.timeout.ms= bootstrap.servers= security.protocol=PLAINTEXT security.protocol=SSL security.protocol=SASL_PLAINTEXT security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.mechanism=SCRAM-SHA-256 sasl.mechanism=SCRAM-SHA-512 sasl.mechanism=OAUTHBEARER ssl.endpoint.identification.algorithm=https' ;;
    *--properties) kind='files' ;;
    *--from) kind='start end end-10 @today @-1h' ;;
    *--until) kind='end count= idle= match= @today @+1h' ;;
    *) kind='' ;;
  esac
}

_event_consume() {
  local words=() cur path='' verbs flags valued operands kind='' count=0 ended='' option='' i word
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=('')
  cur=${words[-1]}
  COMPREPLY=()
  _event_consume_at
  for ((i = 1; i < ${#words[@]} - 1; i++)); do
    word=${words[i]}
    if [[ -n $option ]]; then
      option=''
    elif [[ -z $ended && $word == -- ]]; then
      ended=yes
    elif [[ -z $ended && $word == -?* ]]; then
      [[ " $valued " != *" $word "* ]] || option=$word
    elif [[ -z $ended && " $verbs " == *" $word "* ]]; then
      path+="$word "
      _event_consume_at
    else
      count=$((count + 1))
    fi
    [[ $operands != commands || $count = 0 ]] || return 0
  done
  if [[ -n $option ]]; then
    _event_consume_value "$option"
  elif [[ -z $ended && $cur == --*=* ]]; then
    _event_consume_value "${cur%%=*}"
    cur=${cur#*=}
  elif [[ -z $ended && ( $cur == -* || ( -n $verbs && -z $operands ) ) ]]; then
    COMPREPLY=($(compgen -W "$verbs $flags" -- "$cur"))
    return 0
  else
    local kinds
    IFS='|' read -ra kinds <<<"$operands"
    kind=${kinds[count < ${#kinds[@]} ? count : ${#kinds[@]} - 1]:-}
  fi
  case $kind in
    topics | sources)
      # Not compgen -W, which would expand what a broker has called its topics.
      while read -r word; do
        [[ $word != "$cur"* || $word == *[^A-Za-z0-9._-]* ]] || COMPREPLY+=("$word")
      done < <(_event_consume_topics)
      [[ $kind == topics ]] || return 0 ;;
    files) COMPREPLY=($(compgen -W "$verbs" -- "$cur")); return 0 ;;
    commands) COMPREPLY=($(compgen -c -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$kind" -- "$cur")) ;;
  esac
  compopt +o default 2>/dev/null
  [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
  # Readline completes only what stands after the last of the characters that break words.
  case $cur in
    *[=:]*) COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*[=:]}"}"}") ;;
  esac
  return 0
}
complete -o default -F _event_consume event-consume
