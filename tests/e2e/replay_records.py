#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills topics of a real Kafka with whatever a log can hold: every codec, headers, nulls,
transactions that were committed, aborted, and are open. For the stories of event-replay.

  replay_records.py ADDRESS TOPIC    makes TOPIC with two partitions, several segments each

Ends with the open transaction as it is: a client that died.
"""

import os
import random
import sys

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

RECORDS = 60
SEGMENT = 1048576


def record(chance, number):
    key = None if number % 5 == 0 else b"k%d" % (number % 7)
    value = None if number % 11 == 0 else chance.randbytes(chance.choice([0, 10, 300, 30000]))
    headers = [("trace", b"ab"), ("trace", None), ("\u00e4", chance.randbytes(4))]
    return key, value, headers[: number % 4]


def send(producer, topic, chance, count):
    for number in range(count):
        key, value, headers = record(chance, number)
        producer.produce(topic, value, key, partition=number % 2, headers=headers,
                         timestamp=1790000000000 + chance.randrange(10**9))
        producer.poll(0)


def main(address, topic):
    chance = random.Random(7)
    admin = AdminClient({"bootstrap.servers": address})
    config = {"segment.bytes": str(SEGMENT), "retention.ms": "-1"}
    made = admin.create_topics([NewTopic(topic, 2, 1, config=config)])
    made[topic].result()
    base = {"bootstrap.servers": address, "linger.ms": 5}
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
        producer = Producer({**base, "compression.type": codec})
        send(producer, topic, chance, RECORDS * 2)
        producer.flush()
    producer = Producer({**base, "transactional.id": "a"})
    producer.init_transactions()
    for commits in [True, False, True, False, False]:
        producer.begin_transaction()
        send(producer, topic, chance, RECORDS)
        if commits:
            producer.commit_transaction()
        else:
            producer.flush()
            producer.abort_transaction()
    producer = Producer({**base, "transactional.id": "open"})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(topic, b"of an open transaction", partition=1)
    producer.flush()
    plain = Producer(base)
    send(plain, topic, chance, RECORDS)
    plain.flush()
    sys.stdout.flush()
    os._exit(0)  # a destructor would abort the transaction


if __name__ == "__main__":
    main(*sys.argv[1:])
