# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What event-tutorial(7) says of kcat and Kafka's scripts, after its lines have run: tutorial.sh
# sources it in the same shell. The names of the cases are those of its sections.
is() { [ "$2" = "$3" ] || { echo "$1: '$3', not '$2'" >&2; exit 1; }; }
status_of() { local status=0; "$@" >out 2>err || status=$?; echo "$status"; }

is 'lines in, lines out' "$(event-consume listing | wc -l)" \
  "$(kcat -b "$B" -C -t listing -e -q | wc -l)"
is 'kcat: ends with -e only' 124 "$(status_of timeout 0.5 kcat -b "$B" -C -t copy -q)"

is 'keys and headers' 'c42:{"total":120}' "$(kcat -b "$B" -C -t events -e -q -K : | grep '^c42:')"
is 'as ours' "$(event-consume events -k c43 -j | jq -c '[.value,.headers]')" \
  '["{\"total\":130}",[["trace","ab12"]]]'

is 'the last' 10 "$(event-consume listing -n 10 | wc -l)"
last=$(kcat -b "$B" -C -t listing -o -10 -e -q -f '%p\n' | sort | uniq -c | awk '{print $1}')
# Of a partition that has fewer it gives those.
is 'ten of each partition' 10 "$(sort -n <<<"$last" | tail -n 1)"
[ "$(wc -l <<<"$last")" -gt 1 ] || { echo "the listing is in one partition" >&2; exit 1; }

now=$(date +%s000)
is 'a time' "$(event-consume events --from @-1h --until "@$now" --format '%T %k %v\n' | sort)" \
  "$(kcat -b "$B" -C -t events -e -q -o "s@$(date -d '-1 hour' +%s000)" -o "e@$now" \
    -f '%T %k %s\n' | sort)"

event-admin topic create bytes --partitions 1
printf '\377' >one
printf '\376' >other
kcat -b "$B" -P -t bytes one other
is 'bytes that cannot be told apart' 1 \
  "$(kcat -b "$B" -C -t bytes -e -q -J | jq -c .payload | sort -u | wc -l)"
is 'and ours' 2 "$(event-consume bytes -j | jq -c .value | sort -u | wc -l)"

event-admin topic create two --partitions 1
seq 2 | event-produce two
is 'kcat waits without end' 124 "$(status_of timeout 0.5 kcat -b "$B" -C -t two -c 3 -q)"
is 'ours: 5' 5 "$(status_of event-consume two -f --until count=3 --timeout 200ms)"

if command -v kafka-console-consumer.sh >/dev/null; then
  read_three() { # TOPIC
    status_of kafka-console-consumer.sh --bootstrap-server "$B" --topic "$1" --from-beginning \
      --max-messages 3 --timeout-ms 3000
  }
  is 'a console that got three' "0 3" "$(read_three orders) $(wc -l <out)"
  is 'and one that did not' "0 2" "$(read_three two) $(wc -l <out)"
  is 'the key by a property' 1 "$(event-consume events -k u4 | wc -l)"
fi
