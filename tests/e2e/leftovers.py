#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What Kafka serves and eventd does not yet, left in a folder by confluent_kafka: committed and
aborted transactions, a group's offsets.

  leftovers.py make ADDRESS     into the topic boot-leftovers, which is made
  leftovers.py tell ADDRESS     what can be seen of it, in lines
"""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TOPIC, GROUP = "boot-leftovers", "boot-group"


def make(address):
    admin = AdminClient({"bootstrap.servers": address})
    for made in admin.create_topics([NewTopic(TOPIC, 1, 1)]).values():
        made.result(30)
    producer = Producer({"bootstrap.servers": address, "transactional.id": "boot-transaction"})
    producer.init_transactions(60)
    for name, commits in (("kept", True), ("dropped", False), ("kept again", True)):
        producer.begin_transaction()
        for i in range(10):
            producer.produce(TOPIC, f"{name} {i}", "key")
        producer.flush(30)
        if commits:
            producer.commit_transaction(60)
        else:
            producer.abort_transaction(60)
    consumer = reader(address, "read_committed")
    consumer.commit(offsets=[TopicPartition(TOPIC, 0, 7)], asynchronous=False)
    consumer.close()


def reader(address, isolation):
    return Consumer({"bootstrap.servers": address, "group.id": GROUP, "isolation.level": isolation,
                     "enable.auto.commit": False, "enable.partition.eof": True,
                     "auto.offset.reset": "earliest"})


def tell(address):
    consumer = reader(address, "read_committed")
    committed = consumer.committed([TopicPartition(TOPIC, 0)], 60)[0]
    print("committed offset", committed.offset)
    consumer.assign([TopicPartition(TOPIC, 0, 0)])
    while True:
        message = consumer.poll(30)
        if message is None:
            raise SystemExit("no record within 30 s")
        if message.error():
            break  # the end
        print(message.offset(), message.key().decode(), message.value().decode())
    consumer.close()


if __name__ == "__main__":
    {"make": make, "tell": tell}[sys.argv[1]](sys.argv[2])
