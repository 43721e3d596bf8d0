# SPDX-License-Identifier: Apache-2.0
# Made by tests/reference from what event-produce says of itself.

# The topics that the tools have met on the brokers of this line; a broker is never asked.
function __event_produce_topics
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
function __event_produce_words
    set --local ended
    set --local valued
    for word in (commandline -opc)[2..-1]
        if test -n "$valued"
            set valued
        else if test -z "$ended" -a "$word" = --
            set ended yes
        else if test -z "$ended"; and string match -q -- '-?*' $word
            contains -- $word --brokers --dead-letter --delim --header --key --key-delim --null --partition --partitioner --partitioner-command --profile --properties --rate --set -H -K -X -b -k -p; and set valued yes
        else
            printf '%s\n' $word
        end
    end
end

# Whether the verbs $argv were typed, in their order.
function __event_produce_at
    set --local words (__event_produce_words)
    test (count $words) -ge (count $argv); or return 1
    for i in (seq (count $argv))
        test "$words[$i]" = $argv[$i]; or return 1
    end
end

# The same, and nothing after them.
function __event_produce_ends_at
    test (count (__event_produce_words)) = (count $argv); and __event_produce_at $argv
end

complete -c event-produce -s h -l help -d 'Print this help and exit'
complete -c event-produce -s V -l version -d 'Print the version and exit'
complete -c event-produce -s b -l brokers -x -d 'Brokers to begin with'
complete -c event-produce -s X -l set -x -a 'acks=all batch.size= compression.type=none compression.type=gzip compression.type=snappy compression.type=lz4 compression.type=zstd delivery.timeout.ms= linger.ms= client.id= reconnect.backoff.ms= reconnect.backoff.max.ms= request.timeout.ms= retry.backoff.ms= retry.backoff.max.ms= socket.connection.setup.timeout.ms= bootstrap.servers= security.protocol=PLAINTEXT security.protocol=SSL security.protocol=SASL_PLAINTEXT security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.mechanism=SCRAM-SHA-256 sasl.mechanism=SCRAM-SHA-512 sasl.mechanism=OAUTHBEARER ssl.endpoint.identification.algorithm=https' -d 'Set a client property by Kafka\'s name'
complete -c event-produce -l profile -x -d 'Brokers and credentials of config.json'
complete -c event-produce -l properties -r -F -d 'Those of a Java client\'s properties'
complete -c event-produce -s q -l quiet -d 'No progress'
complete -c event-produce -s v -l verbose -d 'Say what the connection does'
complete -c event-produce -s p -l partition -x -d 'Write into this partition'
complete -c event-produce -s k -l key -x -d 'The key of every record'
complete -c event-produce -s H -l header -x -d 'Add a header; without =VALUE its value is null'
complete -c event-produce -s K -l key-delim -x -d 'Records are KEY DELIM VALUE'
complete -c event-produce -s 0 -l zero -d 'Records end with NUL, not newline'
complete -c event-produce -l delim -x -d 'Records end with STR'
complete -c event-produce -s j -l json -d 'Event JSON, a line each'
complete -c event-produce -s J -l json-value -d 'The same, JSON values as JSON'
complete -c event-produce -l frame -d 'A value is its int32 length and its bytes'
complete -c event-produce -l null -x -d 'TOKEN stands for a null key or value'
complete -c event-produce -l whole -d 'Each file is one record'
complete -c event-produce -l keep-partition -d 'With -j: into the partition that the event names'
complete -c event-produce -l partitioner -x -a 'murmur2 sticky round-robin random crc32 fnv1a' -d 'murmur2, sticky, round-robin, random, crc32, fnv1a'
complete -c event-produce -l partitioner-command -x -d 'A command that reads keys and names partitions'
complete -c event-produce -l sync -d 'The next record waits until one is acknowledged'
complete -c event-produce -l rate -x -d 'So many records a second at most'
complete -c event-produce -l dead-letter -r -F -d 'Append what is bad or unacknowledged to FILE'
complete -c event-produce -l report -d 'Print where each acknowledged record went, as JSON'
complete -c event-produce -l tee -d 'Copy the input to stdout'
complete -c event-produce -l stats -d 'At the end say on stderr what was done, as JSON'
complete -c event-produce -a '(__event_produce_topics)'
