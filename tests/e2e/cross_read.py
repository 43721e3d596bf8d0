# SPDX-License-Identifier: Apache-2.0
"""Records of any bytes, and what each program should show of them. stdin and stdout are JSON lines.

  events COUNT [text]   events for a topic of three partitions; with `text` such as a console reads
  shown TOPIC           what `event-consume -j --merge` prints of such events
  plain [kafkajs]       events as [timestamp, key, value, headers], bytes in hex, equal names of
                        headers joined; of KafkaJS without null headers, which it cannot write
  kcat                  what `kcat -C -f '%K %S %T %h|%k|%s\\n'` prints of events
  typed                 what Kafka's console producer reads for events of text
  told                  what Kafka's console consumer prints of events
"""

import base64
import json
import random
import sys

FIRST = 1790000000000


def shown(value):
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def raw(value):
    if value is None or isinstance(value, str):
        return None if value is None else value.encode()
    return base64.b64decode(value["base64"])


def events(count, kind="bytes"):
    some = random.Random(14)

    def field(is_value=False):
        chance = some.random()
        if chance < 0.2:
            return None
        if chance < 0.3 and kind == "bytes":
            return b""
        if chance < 0.6 or kind == "text":
            return f"täxt {some.randrange(99)}".encode()
        # kcat ends a header's value at its first zero.
        return bytes(some.randrange(0 if is_value else 1, 256) for _ in range(9))

    for number in range(count):
        event = {"partition": number % 3, "timestamp": FIRST + number * 1000,
                 "key": shown(field(True)), "value": shown(field(True))}
        names = ["a", "b", "täg"] if kind == "bytes" else ["a", "b"]
        headers = [[some.choice(names), shown(field() or (None if kind == "bytes" else b"x"))]
                   for _ in range(number % 4)]
        if headers:
            event["headers"] = headers
        yield event


def printed(event):
    print(json.dumps(event, ensure_ascii=False, separators=(",", ":")))


def given():
    return map(json.loads, sys.stdin)


def main(what, *arguments):
    out = sys.stdout.buffer
    offsets = {}
    if what == "events":
        for event in events(int(arguments[0]), *arguments[1:]):
            printed(event)
    for event in given() if what != "events" else ():
        key, value = raw(event["key"]), raw(event["value"])
        headers = [(name.encode(), raw(content)) for name, content in event.get("headers", [])]
        if what == "shown":
            offset = offsets.get(event["partition"], 0)
            offsets[event["partition"]] = offset + 1
            printed({"topic": arguments[0], "partition": event["partition"], "offset": offset,
                     **{name: event[name] for name in ("timestamp", "key", "value", "headers")
                        if name in event}})
        elif what == "plain":
            joined = {}
            for name, content in headers:
                if content is not None or not arguments:
                    one = content if content is None else content.hex()
                    joined.setdefault(name.hex(), []).append(one)
            print(json.dumps([event["timestamp"], *(one if one is None else one.hex()
                                                    for one in (key, value)),
                              list(joined.items())]))
        elif what == "kcat":
            joined = b",".join(name + b"=" + (b"NULL" if one is None else one)
                               for name, one in headers)
            out.write(b"%d %d %d %s|%s|%s\n" % (
                -1 if key is None else len(key), -1 if value is None else len(value),
                event["timestamp"], joined, key or b"", value or b""))
        elif what == "typed":
            joined = b",".join(name + b":" + one for name, one in headers)
            out.write(b"%s\t%s\t%s\n" % (joined or b"NULL", b"NULL" if key is None else key,
                                         b"NULL" if value is None else value))
        elif what == "told":
            joined = b",".join(name + b":" + (b"NULL" if one is None else one)
                               for name, one in headers)
            out.write(b"CreateTime:%d\t%s\t%s\t%s\n" % (
                event["timestamp"], joined or b"NO_HEADERS", b"NULL" if key is None else key,
                b"NULL" if value is None else value))


main(*sys.argv[1:])
