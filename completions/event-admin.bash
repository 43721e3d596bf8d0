# SPDX-License-Identifier: Apache-2.0
# Made by tests/reference from what event-admin says of itself.

# The topics that the tools have met on the brokers of this line; a broker is never asked.
_event_admin_topics() {
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
_event_admin_at() {
  case $path in
    '') verbs='topic config cluster log-dirs api-versions dump apply wait' flags='--brokers --help --profile --properties --quiet --set --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='' ;;
    'topic ') verbs='list describe offsets create delete set-partitions trim' flags='--brokers --help --profile --properties --quiet --set --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='' ;;
    'topic list ') verbs='' flags='--all --brokers --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topics' ;;
    'topic describe ') verbs='' flags='--all --brokers --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topics' ;;
    'topic offsets ') verbs='' flags='--all --at --brokers --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--at --brokers --profile --properties --set -X -b' operands='topics' ;;
    'topic create ') verbs='' flags='--brokers --config --dry-run --help --if-not-exists --json --partitions --profile --properties --quiet --replication-factor --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --config --partitions --profile --properties --replication-factor --set -X -b' operands='topics' ;;
    'topic delete ') verbs='' flags='--brokers --dry-run --help --json --profile --properties --quiet --regex --set --verbose --version --yes -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topics' ;;
    'topic set-partitions ') verbs='' flags='--brokers --dry-run --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topics|nothing' ;;
    'topic trim ') verbs='' flags='--brokers --dry-run --help --json --profile --properties --quiet --regex --set --until --verbose --version --yes -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set --until -X -b' operands='topics' ;;
    'config ') verbs='get set unset' flags='--brokers --help --profile --properties --quiet --set --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='' ;;
    'config get ') verbs='' flags='--all --brokers --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topic broker|topics|cleanup.policy compression.gzip.level compression.lz4.level compression.type compression.zstd.level delete.retention.ms file.delete.delay.ms flush.messages flush.ms follower.replication.throttled.replicas index.interval.bytes leader.replication.throttled.replicas local.retention.bytes local.retention.ms max.compaction.lag.ms max.message.bytes message.timestamp.after.max.ms message.timestamp.before.max.ms message.timestamp.type min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate remote.log.copy.disable remote.log.delete.on.disable remote.storage.enable retention.bytes retention.ms segment.bytes segment.index.bytes segment.jitter.ms segment.ms unclean.leader.election.enable' ;;
    'config set ') verbs='' flags='--brokers --dry-run --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topic broker|topics|cleanup.policy= compression.gzip.level= compression.lz4.level= compression.type= compression.zstd.level= delete.retention.ms= file.delete.delay.ms= flush.messages= flush.ms= follower.replication.throttled.replicas= index.interval.bytes= leader.replication.throttled.replicas= local.retention.bytes= local.retention.ms= max.compaction.lag.ms= max.message.bytes= message.timestamp.after.max.ms= message.timestamp.before.max.ms= message.timestamp.type= min.cleanable.dirty.ratio= min.compaction.lag.ms= min.insync.replicas= preallocate= remote.log.copy.disable= remote.log.delete.on.disable= remote.storage.enable= retention.bytes= retention.ms= segment.bytes= segment.index.bytes= segment.jitter.ms= segment.ms= unclean.leader.election.enable=' ;;
    'config unset ') verbs='' flags='--brokers --dry-run --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topic broker|topics|cleanup.policy compression.gzip.level compression.lz4.level compression.type compression.zstd.level delete.retention.ms file.delete.delay.ms flush.messages flush.ms follower.replication.throttled.replicas index.interval.bytes leader.replication.throttled.replicas local.retention.bytes local.retention.ms max.compaction.lag.ms max.message.bytes message.timestamp.after.max.ms message.timestamp.before.max.ms message.timestamp.type min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate remote.log.copy.disable remote.log.delete.on.disable remote.storage.enable retention.bytes retention.ms segment.bytes segment.index.bytes segment.jitter.ms segment.ms unclean.leader.election.enable' ;;
    'cluster ') verbs='' flags='--brokers --help --json --profile --properties --quiet --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='' ;;
    'log-dirs ') verbs='' flags='--all --brokers --help --json --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topics' ;;
    'api-versions ') verbs='' flags='--brokers --help --json --profile --properties --quiet --set --verbose --version -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='' ;;
    'dump ') verbs='' flags='--all --brokers --help --profile --properties --quiet --regex --set --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='topics' ;;
    'apply ') verbs='' flags='--brokers --diff --dry-run --help --json --profile --properties --prune --quiet --set --verbose --version --yes -V -X -b -h -j -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='files' ;;
    'wait ') verbs='broker topic isr offset' flags='--brokers --help --profile --properties --quiet --set --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set -X -b' operands='' ;;
    'wait broker ') verbs='' flags='--brokers --help --profile --properties --quiet --set --timeout --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set --timeout -X -b' operands='' ;;
    'wait topic ') verbs='' flags='--brokers --help --profile --properties --quiet --regex --set --timeout --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set --timeout -X -b' operands='topics' ;;
    'wait isr ') verbs='' flags='--all --brokers --help --profile --properties --quiet --regex --set --timeout --verbose --version -V -X -b -h -q -v'
      valued='--brokers --profile --properties --set --timeout -X -b' operands='topics' ;;
    'wait offset ') verbs='' flags='--brokers --help --partition --profile --properties --quiet --set --timeout --verbose --version -V -X -b -h -p -q -v'
      valued='--brokers --partition --profile --properties --set --timeout -X -b -p' operands='topics|nothing' ;;
  esac
}

# The kind of what follows the option $1: topics, files, nothing that we know, or words.
_event_admin_value() {
  case $path$1 in
    *-X | *--set) kind='client.id= reconnect.backoff.ms= reconnect.backoff.max.ms= request.timeout.ms= retry.backoff.ms= retry.backoff.max.ms= socket.connection.setup.timeout.ms= bootstrap.servers= security.protocol=PLAINTEXT security.protocol=SSL security.protocol=SASL_PLAINTEXT security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.mechanism=SCRAM-SHA-256 sasl.mechanism=SCRAM-SHA-512 sasl.mechanism=OAUTHBEARER ssl.endpoint.identification.algorithm=https' ;;
    *--properties) kind='files' ;;
    'topic offsets '--at) kind='start end end-10 @today @-1h' ;;
    'topic create '--config) kind='cleanup.policy= compression.gzip.level= compression.lz4.level= compression.type= compression.zstd.level= delete.retention.ms= file.delete.delay.ms= flush.messages= flush.ms= follower.replication.throttled.replicas= index.interval.bytes= leader.replication.throttled.replicas= local.retention.bytes= local.retention.ms= max.compaction.lag.ms= max.message.bytes= message.timestamp.after.max.ms= message.timestamp.before.max.ms= message.timestamp.type= min.cleanable.dirty.ratio= min.compaction.lag.ms= min.insync.replicas= preallocate= remote.log.copy.disable= remote.log.delete.on.disable= remote.storage.enable= retention.bytes= retention.ms= segment.bytes= segment.index.bytes= segment.jitter.ms= segment.ms= unclean.leader.election.enable=' ;;
    'topic trim '--until) kind='end count= idle= match= @today @+1h' ;;
    *) kind='' ;;
  esac
}

_event_admin() {
  local words=() cur path='' verbs flags valued operands kind='' count=0 ended='' option='' i word
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=('')
  cur=${words[-1]}
  COMPREPLY=()
  _event_admin_at
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
      _event_admin_at
    else
      count=$((count + 1))
    fi
    [[ $operands != commands || $count = 0 ]] || return 0
  done
  if [[ -n $option ]]; then
    _event_admin_value "$option"
  elif [[ -z $ended && $cur == --*=* ]]; then
    _event_admin_value "${cur%%=*}"
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
      done < <(_event_admin_topics)
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
complete -o default -F _event_admin event-admin
