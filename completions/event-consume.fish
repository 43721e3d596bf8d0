# SPDX-License-Identifier: Apache-2.0
# Made by tests/reference from what event-consume says of itself.

# The topics that the tools have met on the brokers of this line; a broker is never asked.
function __event_consume_topics
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
function __event_consume_words
    set --local ended
    set --local valued
    for word in (commandline -opc)[2..-1]
        if test -n "$valued"
            set valued
        else if test -z "$ended" -a "$word" = --
            set ended yes
        else if test -z "$ended"; and string match -q -- '-?*' $word
            contains -- $word --brokers --delim --format --from --grep --header --key --key-delim --last --null --partition --profile --properties --require --set --timeout --until --where -H -K -X -b -k -n -p; and set valued yes
        else
            printf '%s\n' $word
        end
    end
end

# Whether the verbs $argv were typed, in their order.
function __event_consume_at
    set --local words (__event_consume_words)
    test (count $words) -ge (count $argv); or return 1
    for i in (seq (count $argv))
        test "$words[$i]" = $argv[$i]; or return 1
    end
end

# The same, and nothing after them.
function __event_consume_ends_at
    test (count (__event_consume_words)) = (count $argv); and __event_consume_at $argv
end

complete -c event-consume -s h -l help -d 'Print this help and exit'
complete -c event-consume -s V -l version -d 'Print the version and exit'
complete -c event-consume -s b -l brokers -x -d 'Brokers to begin with'
complete -c event-consume -s X -l set -x -a 'fetch.max.bytes= fetch.max.wait.ms= isolation.level=read_committed isolation.level=read_uncommitted max.partition.fetch.bytes= client.id= reconnect.backoff.ms= reconnect.backoff.max.ms= request.timeout.ms= retry.backoff.ms= retry.backoff.max.ms= socket.connection.setup.timeout.ms= bootstrap.servers= security.protocol=PLAINTEXT security.protocol=SSL security.protocol=SASL_PLAINTEXT security.protocol=SASL_SSL sasl.mechanism=PLAIN sasl.mechanism=SCRAM-SHA-256 sasl.mechanism=SCRAM-SHA-512 sasl.mechanism=OAUTHBEARER ssl.endpoint.identification.algorithm=https' -d 'Set a client property by Kafka\'s name'
complete -c event-consume -l profile -x -d 'Brokers and credentials of config.json'
complete -c event-consume -l properties -r -F -d 'Those of a Java client\'s properties'
complete -c event-consume -s q -l quiet -d 'No progress'
complete -c event-consume -s v -l verbose -d 'Say what the connection does'
complete -c event-consume -s p -l partition -x -d 'Only these partitions, as 0,2-4'
complete -c event-consume -s k -l key -x -d 'Only records with this key'
complete -c event-consume -s H -l header -x -d 'Only records with this header'
complete -c event-consume -l grep -x -d 'Only records whose value matches'
complete -c event-consume -l where -x -d 'Only records for which EXPR holds, as \'json.n > 9\''
complete -c event-consume -l regex -d 'A name is a pattern for whole names'
complete -c event-consume -l from -x -a 'start end end-10 @today @-1h' -d 'Where to begin: start, end-N, an offset, @TIME'
complete -c event-consume -l until -x -a 'end count= idle= match= @today @+1h' -d 'Where to end: position, count=N, idle=D, match=REGEX'
complete -c event-consume -s f -l follow -d 'Go on as more arrives'
complete -c event-consume -l merge -d 'In order of timestamps over all partitions'
complete -c event-consume -l timeout -x -d 'Exit 5 if not ended by itself within D'
complete -c event-consume -l require -x -d 'Exit 5 if fewer records are printed'
complete -c event-consume -l stats -d 'At the end one JSON of counts on stderr'
complete -c event-consume -s n -l last -x -d 'Only the N newest records'
complete -c event-consume -s K -l key-delim -x -d 'Records are KEY DELIM VALUE'
complete -c event-consume -s 0 -l zero -d 'Records end with NUL, not newline'
complete -c event-consume -l delim -x -d 'Records end with STR'
complete -c event-consume -s j -l json -d 'Event JSON, a line each'
complete -c event-consume -s J -l json-value -d 'The same, JSON values as JSON'
complete -c event-consume -l frame -d 'A value is its int32 length and its bytes'
complete -c event-consume -l null -x -d 'TOKEN stands for a null key or value'
complete -c event-consume -l format -x -d 'Records as %t %p %o %T %d %k %v %h, no newline'
complete -c event-consume -f
complete -c event-consume -a '(__event_consume_topics)'
