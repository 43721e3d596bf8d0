# SPDX-License-Identifier: Apache-2.0
"""Fills topics of a real Kafka, for consume_kafka.sh: what eventd does not serve yet, and what
other producers write.

  transactions BROKER    topic txn: committed, aborted; their markers at the end of each partition
  open BROKER            the same topic: begins a transaction, says so, waits for stdin, commits it
  compacted BROKER       topic users: waits until its older records are compacted away
  codecs BROKER FILE     topic codecs, by librdkafka with each codec; FILE is what -j must print
"""

import base64
import json
import random
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

FIRST = 1790000000000


def transactional(broker, name):
    producer = Producer({"bootstrap.servers": broker, "transactional.id": name, "linger.ms": 0})
    producer.init_transactions(30)
    return producer


def transactions(broker):
    producer = transactional(broker, "writer")
    for number in range(40):
        producer.begin_transaction()
        committed = number % 2 == 0
        for i in range(3):
            value = f"{'good' if committed else 'bad'}-{number * 3 + i:03}"
            producer.produce("txn", value, key=f"k{i}", partition=i,
                             timestamp=FIRST + number * 3 + i)
        producer.flush()
        producer.commit_transaction() if committed else producer.abort_transaction()
    for _ in range(60):  # only markers, and what was aborted
        producer.begin_transaction()
        producer.produce("txn", "bad", partition=1, timestamp=FIRST + 1000)
        producer.flush()
        producer.abort_transaction()


def open_one(broker):
    producer = transactional(broker, "open")
    producer.begin_transaction()
    for i in range(3):
        producer.produce("txn", f"open-{i}", partition=i, timestamp=FIRST + 2000 + i)
    producer.flush()
    # Committed by others, behind it: not to be read before it ends.
    other = transactional(broker, "other")
    other.begin_transaction()
    other.produce("txn", "behind", partition=0, timestamp=FIRST + 3000)
    other.commit_transaction()
    print("open", flush=True)
    sys.stdin.readline()
    producer.commit_transaction()


def compacted(broker):
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 0})
    for number in range(100):
        value = None if number == 97 else json.dumps({"n": number})
        producer.produce("users", value, key=f"u{number % 5}")
    producer.flush()
    # A segment is closed by the next record that is old enough; then the cleaner takes it.
    for number in range(100, 300):
        producer.produce("users", json.dumps({"n": number}), key="tick")
        producer.flush()
        time.sleep(0.06)  # input: a segment's age
        reader = Consumer({"bootstrap.servers": broker, "group.id": "look",
                           "enable.auto.commit": False})
        reader.assign([TopicPartition("users", 0, 0)])
        message = reader.poll(5)
        reader.close()
        if message is not None and message.offset() > 50:
            return
    sys.exit("nothing was compacted")


def shown(value):
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def codecs(broker, path):
    some = random.Random(5)

    def field():
        chance = some.random()
        if chance < 0.2:
            return None
        if chance < 0.3:
            return b""
        return "täxt \"\\\n".encode() if chance < 0.6 else some.randbytes(9)

    with open(path, "w", encoding="utf-8") as out:
        offset = 0
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            producer = Producer({"bootstrap.servers": broker, "compression.type": codec,
                                 "linger.ms": 100})
            for _ in range(200):
                key, value = field(), field()
                headers = [(some.choice(["a", "b", "täg"]), field())
                           for _ in range(some.randrange(4))]
                producer.produce("codecs", value, key=key, headers=headers,
                                 timestamp=FIRST + offset)
                event = {"topic": "codecs", "partition": 0, "offset": offset,
                         "timestamp": FIRST + offset, "key": shown(key), "value": shown(value)}
                if headers:
                    event["headers"] = [[name, shown(content)] for name, content in headers]
                line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
                out.write(line + "\n")
                offset += 1
            producer.flush()


{"transactions": transactions, "open": open_one, "compacted": compacted,
 "codecs": codecs}[sys.argv[1]](*sys.argv[2:])
