#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys for the golden partitions, and where librdkafka's "consistent" partitioner puts them.

    partitions.py keys                          a key in hex a line
    partitions.py librdkafka COUNT.. < KEYS     out: KEY COUNT PARTITION, for each count

The broker of $KAFKA_BOOTSTRAP_SERVERS gets a topic for each count.
"""
import os
import random
import sys


def keys():
    some = [b"", b"a", b"ab", b"abc", b"abcd", b"abcde", b"u7", b"order-1041", b"\0", b"\0\0\0\0",
            b"\xff", b"\x80\x81\x82", b"\xff" * 9, "naïve ☃".encode(), b"x" * 300]
    chosen = random.Random(4)
    return some + [chosen.randbytes(chosen.randrange(1, 40)) for _ in range(45)]


def librdkafka(counts, lines):
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient, NewTopic
    brokers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    admin = AdminClient(brokers)
    topics = {count: f"partitions-{count}" for count in counts}
    wanted = [NewTopic(name, count, 1) for count, name in topics.items()]
    for made in admin.create_topics(wanted).values():
        made.result(30)
    told = {}
    producer = Producer({**brokers, "partitioner": "consistent"})
    for line in lines:
        for count, topic in topics.items():
            def delivered(error, message, place=(line, count)):
                assert error is None, error
                told[place] = message.partition()
            producer.produce(topic, b"v", key=bytes.fromhex(line), callback=delivered)
    assert producer.flush(60) == 0
    for line in lines:
        for count in counts:
            print(f"x{line} {count} {told[line, count]}")


if sys.argv[1] == "keys":
    print("\n".join(key.hex() for key in keys()))
else:
    librdkafka([int(count) for count in sys.argv[2:]], sys.stdin.read().split("\n")[:-1])
