# SPDX-License-Identifier: Apache-2.0
# Made by tests/reference from what event-admin says of itself.

# The topics that the tools have met on the brokers of this line; a broker is never asked.
function __event_admin_topics
    set --local folder $HOME/.cache/event/topics
    test -z "$XDG_CACHE_HOME"; or set folder $XDG_CACHE_HOME/event/topics
    set --local list $EVENT_BROKERS
    if test -z "$list" -a -z "$EVENT_PROFILE"
        set list $KAFKA_BOOTSTRAP_SERVERS
        test -n "$list"; or set list 127.0.0.1:9092
    end
    set --local typed (commandline -opc)
    for i in (seq 2 (count $typed))
        switch $typed[$i]
            case -b --brokers
                set list $typed[(math $i + 1)]
            case '-b?*'
                set list (string sub -s 3 -- $typed[$i])
            case '--brokers=*'
                set list (string replace -- --brokers= '' $typed[$i])
            case '--profile*' '--properties*'
                set list
        end
    end
    set --local names
    for item in (string split , -- $list)
        string match -q '*:*' -- $item; or set item $item:9092
        set -a names (string replace -ra '[^A-Za-z0-9.,:_-]' _ -- $item)
    end
    set --local file $folder/(string join , $names)
    if test -n "$names" -a -f "$file"
        cat $file
    else if test -d $folder
        cat $folder/* </dev/null 2>/dev/null | sort -u
    end
end

# What was typed that is neither an option nor the value of one, a line each.
function __event_admin_words
    set --local ended
    set --local valued
    for word in (commandline -opc)[2..-1]
        if test -n "$valued"
            set valued
        else if test -z "$ended" -a "$word" = --
            set ended yes
        else if test -z "$ended"; and string match -q -- '-?*' $word
            contains -- $word --at --brokers --config --partition --partitions --profile --properties --replication-factor --set --timeout --until -X -b -p; and set valued yes
        else
            printf '%s\n' $word
        end
    end
end

# Whether the verbs $argv were typed, in their order.
function __event_admin_at
    set --local words (__event_admin_words)
    test (count $words) -ge (count $argv); or return 1
    for i in (seq (count $argv))
        test "$words[$i]" = $argv[$i]; or return 1
    end
end

# The same, and nothing after them.
function __event_admin_ends_at
    test (count (__event_admin_words)) = (count $argv); and __event_admin_at $argv
end

complete -c event-admin -n '__event_admin_ends_at' -f -a topic -d 'Topics'
complete -c event-admin -n '__event_admin_ends_at' -f -a config -d 'Configs of topics, brokers and groups'
complete -c event-admin -n '__event_admin_ends_at' -f -a cluster -d 'The brokers'
complete -c event-admin -n '__event_admin_ends_at' -f -a log-dirs -d 'How many bytes of what lie where'
complete -c event-admin -n '__event_admin_ends_at' -f -a api-versions -d 'What each broker serves'
complete -c event-admin -n '__event_admin_ends_at' -f -a dump -d 'All topics and their configs as a document'
complete -c event-admin -n '__event_admin_ends_at' -f -a apply -d 'Makes topics and configs as a document has them'
complete -c event-admin -n '__event_admin_ends_at' -f -a wait -d 'Until something is so; silent'
complete -c event-admin -s h -l help -d 'Print this help and exit'
complete -c event-admin -s V -l version -d 'Print the version and exit'
complete -c event-admin -s b -l brokers -x -d 'Brokers to begin with'
complete -c event-admin -s X -l set -x -a 'client.id= reconnect.backoff.ms= reconnect.backoff.max.ms= request.timeout.ms= retry.backoff.ms= retry.backoff.max.ms= socket.connection.setup.timeout.ms= bootstrap.servers= security.protocol=PLAINTEXT security.protocol=SSL security.protocol=SASL_PLAINTEXT security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.mechanism=SCRAM-SHA-256 sasl.mechanism=SCRAM-SHA-512 sasl.mechanism=OAUTHBEARER ssl.endpoint.identification.algorithm=https' -d 'Set a client property by Kafka\'s name'
complete -c event-admin -l profile -x -d 'Brokers and credentials of config.json'
complete -c event-admin -l properties -r -F -d 'Those of a Java client\'s properties'
complete -c event-admin -s q -l quiet -d 'No progress'
complete -c event-admin -s v -l verbose -d 'Say what the connection does'
complete -c event-admin -n '__event_admin_ends_at topic' -f -a list -d 'The names of the topics'
complete -c event-admin -n '__event_admin_ends_at topic' -f -a describe -d 'Partitions, leaders, offsets'
complete -c event-admin -n '__event_admin_ends_at topic' -f -a offsets -d 'Offsets of a position'
complete -c event-admin -n '__event_admin_ends_at topic' -f -a create -d 'New topics'
complete -c event-admin -n '__event_admin_ends_at topic' -f -a delete -d 'Deletes topics and all in them'
complete -c event-admin -n '__event_admin_ends_at topic' -f -a set-partitions -d 'More partitions'
complete -c event-admin -n '__event_admin_ends_at topic' -f -a trim -d 'Deletes the oldest records'
complete -c event-admin -n '__event_admin_at topic' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic list' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic list' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at topic list' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic list' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at topic list' -f
complete -c event-admin -n '__event_admin_at topic list' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic describe' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic describe' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at topic describe' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic describe' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at topic describe' -f
complete -c event-admin -n '__event_admin_at topic describe' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic offsets' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic offsets' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at topic offsets' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic offsets' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at topic offsets' -l at -x -a 'start end end-10 @today @-1h' -d 'start, end-N, an offset, @TIME; the end without'
complete -c event-admin -n '__event_admin_at topic offsets' -f
complete -c event-admin -n '__event_admin_at topic offsets' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic create' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic create' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic create' -l partitions -x -d 'How many; the broker\'s default'
complete -c event-admin -n '__event_admin_at topic create' -l replication-factor -x -d 'Replicas of each'
complete -c event-admin -n '__event_admin_at topic create' -l config -x -a 'cleanup.policy= compression.gzip.level= compression.lz4.level= compression.type= compression.zstd.level= delete.retention.ms= file.delete.delay.ms= flush.messages= flush.ms= follower.replication.throttled.replicas= index.interval.bytes= leader.replication.throttled.replicas= local.retention.bytes= local.retention.ms= max.compaction.lag.ms= max.message.bytes= message.timestamp.after.max.ms= message.timestamp.before.max.ms= message.timestamp.type= min.cleanable.dirty.ratio= min.compaction.lag.ms= min.insync.replicas= preallocate= remote.log.copy.disable= remote.log.delete.on.disable= remote.storage.enable= retention.bytes= retention.ms= segment.bytes= segment.index.bytes= segment.jitter.ms= segment.ms= unclean.leader.election.enable=' -d 'Topic configs; durations and sizes too'
complete -c event-admin -n '__event_admin_at topic create' -l if-not-exists -d 'No error if it is there'
complete -c event-admin -n '__event_admin_at topic create' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at topic create' -f
complete -c event-admin -n '__event_admin_at topic create' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic delete' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic delete' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at topic delete' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic delete' -l yes -d 'Really; without it only the plan is printed'
complete -c event-admin -n '__event_admin_at topic delete' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at topic delete' -f
complete -c event-admin -n '__event_admin_at topic delete' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic set-partitions' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic set-partitions' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at topic set-partitions' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic set-partitions' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at topic set-partitions' -f
complete -c event-admin -n '__event_admin_at topic set-partitions' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic trim' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic trim' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at topic trim' -l until -x -a 'end count= idle= match= @today @+1h' -d 'Deletes what stands before it'
complete -c event-admin -n '__event_admin_at topic trim' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic trim' -l yes -d 'Really; without it only the plan is printed'
complete -c event-admin -n '__event_admin_at topic trim' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at topic trim' -f
complete -c event-admin -n '__event_admin_at topic trim' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_ends_at config' -f -a get -d 'Configs, and where they come from'
complete -c event-admin -n '__event_admin_ends_at config' -f -a set -d 'Sets configs'
complete -c event-admin -n '__event_admin_ends_at config' -f -a unset -d 'Back to what holds without'
complete -c event-admin -n '__event_admin_at config' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at config get' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at config get' -l regex -d 'NAME is an expression that whole names match'
complete -c event-admin -n '__event_admin_at config get' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at config get' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at config get' -f
complete -c event-admin -n '__event_admin_at config get' -a 'topic broker'
complete -c event-admin -n '__event_admin_at config get' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at config get' -a 'cleanup.policy compression.gzip.level compression.lz4.level compression.type compression.zstd.level delete.retention.ms file.delete.delay.ms flush.messages flush.ms follower.replication.throttled.replicas index.interval.bytes leader.replication.throttled.replicas local.retention.bytes local.retention.ms max.compaction.lag.ms max.message.bytes message.timestamp.after.max.ms message.timestamp.before.max.ms message.timestamp.type min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate remote.log.copy.disable remote.log.delete.on.disable remote.storage.enable retention.bytes retention.ms segment.bytes segment.index.bytes segment.jitter.ms segment.ms unclean.leader.election.enable'
complete -c event-admin -n '__event_admin_at config set' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at config set' -l regex -d 'NAME is an expression that whole names match'
complete -c event-admin -n '__event_admin_at config set' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at config set' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at config set' -f
complete -c event-admin -n '__event_admin_at config set' -a 'topic broker'
complete -c event-admin -n '__event_admin_at config set' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at config set' -a 'cleanup.policy= compression.gzip.level= compression.lz4.level= compression.type= compression.zstd.level= delete.retention.ms= file.delete.delay.ms= flush.messages= flush.ms= follower.replication.throttled.replicas= index.interval.bytes= leader.replication.throttled.replicas= local.retention.bytes= local.retention.ms= max.compaction.lag.ms= max.message.bytes= message.timestamp.after.max.ms= message.timestamp.before.max.ms= message.timestamp.type= min.cleanable.dirty.ratio= min.compaction.lag.ms= min.insync.replicas= preallocate= remote.log.copy.disable= remote.log.delete.on.disable= remote.storage.enable= retention.bytes= retention.ms= segment.bytes= segment.index.bytes= segment.jitter.ms= segment.ms= unclean.leader.election.enable='
complete -c event-admin -n '__event_admin_at config unset' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at config unset' -l regex -d 'NAME is an expression that whole names match'
complete -c event-admin -n '__event_admin_at config unset' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at config unset' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at config unset' -f
complete -c event-admin -n '__event_admin_at config unset' -a 'topic broker'
complete -c event-admin -n '__event_admin_at config unset' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at config unset' -a 'cleanup.policy compression.gzip.level compression.lz4.level compression.type compression.zstd.level delete.retention.ms file.delete.delay.ms flush.messages flush.ms follower.replication.throttled.replicas index.interval.bytes leader.replication.throttled.replicas local.retention.bytes local.retention.ms max.compaction.lag.ms max.message.bytes message.timestamp.after.max.ms message.timestamp.before.max.ms message.timestamp.type min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate remote.log.copy.disable remote.log.delete.on.disable remote.storage.enable retention.bytes retention.ms segment.bytes segment.index.bytes segment.jitter.ms segment.ms unclean.leader.election.enable'
complete -c event-admin -n '__event_admin_at cluster' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at cluster' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at log-dirs' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at log-dirs' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at log-dirs' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at log-dirs' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at log-dirs' -f
complete -c event-admin -n '__event_admin_at log-dirs' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at api-versions' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at api-versions' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at dump' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at dump' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at dump' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at dump' -f
complete -c event-admin -n '__event_admin_at dump' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at apply' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at apply' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at apply' -l prune -d 'Deletes topics that are not in FILE'
complete -c event-admin -n '__event_admin_at apply' -l diff -d 'Only shows what differs; 5 if anything does'
complete -c event-admin -n '__event_admin_at apply' -l yes -d 'Really; without it only the plan is printed'
complete -c event-admin -n '__event_admin_at apply' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_ends_at wait' -f -a broker -d 'Until a broker answers'
complete -c event-admin -n '__event_admin_ends_at wait' -f -a topic -d 'Until topics are there, and led'
complete -c event-admin -n '__event_admin_ends_at wait' -f -a isr -d 'Until all replicas are in sync'
complete -c event-admin -n '__event_admin_ends_at wait' -f -a offset -d 'Until a topic has N records'
complete -c event-admin -n '__event_admin_at wait' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at wait broker' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at wait broker' -l timeout -x -d 'How long to wait (30s); 0 looks once'
complete -c event-admin -n '__event_admin_at wait topic' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at wait topic' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at wait topic' -l timeout -x -d 'How long to wait (30s); 0 looks once'
complete -c event-admin -n '__event_admin_at wait topic' -f
complete -c event-admin -n '__event_admin_at wait topic' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at wait isr' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at wait isr' -l regex -d 'TOPIC is an expression that whole names match'
complete -c event-admin -n '__event_admin_at wait isr' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at wait isr' -l timeout -x -d 'How long to wait (30s); 0 looks once'
complete -c event-admin -n '__event_admin_at wait isr' -f
complete -c event-admin -n '__event_admin_at wait isr' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at wait offset' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at wait offset' -s p -l partition -x -d 'Only these, as 0,2-4'
complete -c event-admin -n '__event_admin_at wait offset' -l timeout -x -d 'How long to wait (30s); 0 looks once'
complete -c event-admin -n '__event_admin_at wait offset' -f
complete -c event-admin -n '__event_admin_at wait offset' -a '(__event_admin_topics)'
