# SPDX-License-Identifier: Apache-2.0
# Made by tests/reference from what event-replay says of itself.

# The topics that the tools have met on the brokers of this line; a broker is never asked.
function __event_replay_topics
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
function __event_replay_words
    set --local ended
    set --local valued
    for word in (commandline -opc)[2..-1]
        if test -n "$valued"
            set valued
        else if test -z "$ended" -a "$word" = --
            set ended yes
        else if test -z "$ended"; and string match -q -- '-?*' $word
            contains -- $word --brokers --delim --format --from --grep --header --import --key --key-delim --max-gap --null --pace --partition --profile --properties --require --roll --set --timeout --to --topic --until --where -H -K -X -b -k -p -t; and set valued yes
        else
            printf '%s\n' $word
        end
    end
end

# Whether the verbs $argv were typed, in their order.
function __event_replay_at
    set --local words (__event_replay_words)
    test (count $words) -ge (count $argv); or return 1
    for i in (seq (count $argv))
        test "$words[$i]" = $argv[$i]; or return 1
    end
end

# The same, and nothing after them.
function __event_replay_ends_at
    test (count (__event_replay_words)) = (count $argv); and __event_replay_at $argv
end

complete -c event-replay -s h -l help -d 'Print this help and exit'
complete -c event-replay -s V -l version -d 'Print the version and exit'
complete -c event-replay -s b -l brokers -x -d 'Brokers to begin with'
complete -c event-replay -s X -l set -x -a 'fetch.max.bytes= fetch.max.wait.ms= isolation.level=read_committed isolation.level=read_uncommitted max.partition.fetch.bytes= client.id= reconnect.backoff.ms= reconnect.backoff.max.ms= request.timeout.ms= retry.backoff.ms= retry.backoff.max.ms= socket.connection.setup.timeout.ms= bootstrap.servers= security.protocol=PLAINTEXT security.protocol=SSL security.protocol=SASL_PLAINTEXT security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.mechanism=SCRAM-SHA-256 sasl.mechanism=SCRAM-SHA-512 sasl.mechanism=OAUTHBEARER ssl.endpoint.identification.algorithm=https' -d 'Set a client property by Kafka\'s name'
complete -c event-replay -l profile -x -d 'Brokers and credentials of config.json'
complete -c event-replay -l properties -r -F -d 'Those of a Java client\'s properties'
complete -c event-replay -s q -l quiet -d 'No progress'
complete -c event-replay -s v -l verbose -d 'Say what the connection does'
complete -c event-replay -s t -l topic -x -a '(__event_replay_topics)' -d 'Only this topic of a log folder'
complete -c event-replay -l to -r -F -d 'Into a file, or files by a template; .jsonl: JSON'
complete -c event-replay -l roll -x -a 'count= bytes= age=' -d 'Close files at count=N, bytes=SIZE, age=D'
complete -c event-replay -l sum -d 'SHA256 COUNT PARTITION TOPIC of each partition'
complete -c event-replay -l pace -x -a '1x 2x 10x 100x' -d 'As it came, 1x, 10x as fast, ..'
complete -c event-replay -l max-gap -x -d 'With --pace: no longer pause than D'
complete -c event-replay -l import -r -F -d 'Into a new log folder for eventd, offsets kept'
complete -c event-replay -l verify -d 'A line for each bad checksum or index entry'
complete -c event-replay -s p -l partition -x -d 'Only these partitions, as 0,2-4'
complete -c event-replay -s k -l key -x -d 'Only records with this key'
complete -c event-replay -s H -l header -x -d 'Only records with this header'
complete -c event-replay -l grep -x -d 'Only records whose value matches'
complete -c event-replay -l where -x -d 'Only records for which EXPR holds, as \'json.n > 9\''
complete -c event-replay -l regex -d 'A name is a pattern for whole names'
complete -c event-replay -l from -x -a 'start end end-10 @today @-1h' -d 'Where to begin: start, end-N, an offset, @TIME'
complete -c event-replay -l until -x -a 'end count= idle= match= @today @+1h' -d 'Where to end: position, count=N, idle=D, match=REGEX'
complete -c event-replay -s f -l follow -d 'Go on as more arrives'
complete -c event-replay -l merge -d 'In order of timestamps over all partitions'
complete -c event-replay -l timeout -x -d 'Exit 5 if not ended by itself within D'
complete -c event-replay -l require -x -d 'Exit 5 if fewer records are printed'
complete -c event-replay -l stats -d 'At the end one JSON of counts on stderr'
complete -c event-replay -s K -l key-delim -x -d 'Records are KEY DELIM VALUE'
complete -c event-replay -s 0 -l zero -d 'Records end with NUL, not newline'
complete -c event-replay -l delim -x -d 'Records end with STR'
complete -c event-replay -s j -l json -d 'Event JSON, a line each'
complete -c event-replay -s J -l json-value -d 'The same, JSON values as JSON'
complete -c event-replay -l frame -d 'A value is its int32 length and its bytes'
complete -c event-replay -l null -x -d 'TOKEN stands for a null key or value'
complete -c event-replay -l format -x -d 'Records as %t %p %o %T %d %k %v %h, no newline'
complete -c event-replay -a '(__event_replay_topics)'
