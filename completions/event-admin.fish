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

# Whether the verbs $argv were typed, in their order, and no other of those that may follow.
function __event_admin_at
    set --local typed (string match -v -- '-*' (commandline -opc))
    test (count $typed) -gt (count $argv); or test (count $argv) = 0; or return 1
    for i in (seq (count $argv))
        set --local at (math $i + 1)
        test "$typed[$at]" = $argv[$i]; or return 1
    end
end

complete -c event-admin -n 'not __fish_seen_subcommand_from topic cluster' -f -a topic -d 'What is done with topics'
complete -c event-admin -n 'not __fish_seen_subcommand_from topic cluster' -f -a cluster -d 'The brokers'
complete -c event-admin -s h -l help -d 'Print this help and exit'
complete -c event-admin -s V -l version -d 'Print the version and exit'
complete -c event-admin -s b -l brokers -x -d 'Brokers to begin with'
complete -c event-admin -s X -l set -x -a 'client.id= request.timeout.ms=' -d 'Set a client property by Kafka\'s name'
complete -c event-admin -s q -l quiet -d 'No progress'
complete -c event-admin -s v -l verbose -d 'Say what the connection does'
complete -c event-admin -n '__event_admin_at topic; and not __fish_seen_subcommand_from list describe offsets create delete' -f -a list -d 'The names of the topics'
complete -c event-admin -n '__event_admin_at topic; and not __fish_seen_subcommand_from list describe offsets create delete' -f -a describe -d 'Partitions, leaders, offsets'
complete -c event-admin -n '__event_admin_at topic; and not __fish_seen_subcommand_from list describe offsets create delete' -f -a offsets -d 'Offsets of a position'
complete -c event-admin -n '__event_admin_at topic; and not __fish_seen_subcommand_from list describe offsets create delete' -f -a create -d 'New topics'
complete -c event-admin -n '__event_admin_at topic; and not __fish_seen_subcommand_from list describe offsets create delete' -f -a delete -d 'Deletes topics and all in them'
complete -c event-admin -n '__event_admin_at topic' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic list' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic list' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic list' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at topic describe' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic describe' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic describe' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at topic describe' -f
complete -c event-admin -n '__event_admin_at topic describe' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic offsets' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic offsets' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic offsets' -l at -x -a 'start end end-10 @today @-1h' -d 'start, end-N, an offset, @TIME'
complete -c event-admin -n '__event_admin_at topic offsets' -l all -d 'Internal topics too'
complete -c event-admin -n '__event_admin_at topic offsets' -f
complete -c event-admin -n '__event_admin_at topic offsets' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic create' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic create' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic create' -l partitions -x -d 'How many; the broker\'s default'
complete -c event-admin -n '__event_admin_at topic create' -l replication-factor -x -d 'Replicas of each'
complete -c event-admin -n '__event_admin_at topic create' -l config -x -a 'cleanup.policy= compression.gzip.level= compression.lz4.level= compression.type= compression.zstd.level= delete.retention.ms= file.delete.delay.ms= flush.messages= flush.ms= follower.replication.throttled.replicas= index.interval.bytes= leader.replication.throttled.replicas= local.retention.bytes= local.retention.ms= max.compaction.lag.ms= max.message.bytes= message.timestamp.after.max.ms= message.timestamp.before.max.ms= message.timestamp.type= min.cleanable.dirty.ratio= min.compaction.lag.ms= min.insync.replicas= preallocate= remote.log.copy.disable= remote.log.delete.on.disable= remote.storage.enable= retention.bytes= retention.ms= segment.bytes= segment.index.bytes= segment.jitter.ms= segment.ms= unclean.leader.election.enable=' -d 'Topic configs'
complete -c event-admin -n '__event_admin_at topic create' -l if-not-exists -d 'No error if it is there'
complete -c event-admin -n '__event_admin_at topic create' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at topic create' -f
complete -c event-admin -n '__event_admin_at topic create' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at topic delete' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at topic delete' -s j -l json -d 'A JSON object a line'
complete -c event-admin -n '__event_admin_at topic delete' -l yes -d 'Really'
complete -c event-admin -n '__event_admin_at topic delete' -l dry-run -d 'Only say what would be done'
complete -c event-admin -n '__event_admin_at topic delete' -f
complete -c event-admin -n '__event_admin_at topic delete' -a '(__event_admin_topics)'
complete -c event-admin -n '__event_admin_at cluster' -s h -l help -d 'Print this help and exit'
complete -c event-admin -n '__event_admin_at cluster' -s j -l json -d 'A JSON object a line'
