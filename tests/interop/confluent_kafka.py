#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""python3-confluent-kafka (librdkafka 2.0.2): admin, idempotent producer, assigned partitions."""
import os
import sys

# This file has the name of the module it tests, so its own folder must not be searched.
sys.path = [entry for entry in sys.path if os.path.realpath(entry or ".") != os.path.dirname(
    os.path.realpath(__file__))]
try:
    from confluent_kafka import Consumer, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic
except ImportError:
    print("confluent_kafka.py: skipped: python3-confluent-kafka is not installed")
    sys.exit(77)

broker = {"bootstrap.servers": os.environ["BROKER"]}
topic = f"confluent-{os.getpid()}-{os.urandom(3).hex()}"

admin = AdminClient(broker)
admin.create_topics([NewTopic(topic, 2, 1, config={"segment.bytes": "1048576"})])[topic].result(15)
admin.create_partitions([NewPartitions(topic, 3)])[topic].result(15)
resource = ConfigResource("topic", topic)
described = admin.describe_configs([resource])[resource].result(15)
assert described["segment.bytes"].value == "1048576", described["segment.bytes"]

delivered, failures = {}, []


def on_delivery(error, message):
    if error is None:
        delivered[message.value()] = (message.partition(), message.offset())
    else:
        failures.append(error)


for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
    producer = Producer({**broker, "enable.idempotence": True, "compression.codec": codec,
                         "linger.ms": 5})
    for i in range(1000):
        producer.produce(topic, key=b"%d" % i, value=b"%s %d" % (codec.encode(), i),
                         headers=[("codec", codec.encode())], on_delivery=on_delivery)
    assert producer.flush(20) == 0
assert not failures and len(delivered) == 5000, (failures[:1], len(delivered))

consumer = Consumer({**broker, "group.id": "unused", "enable.auto.commit": False,
                     "auto.offset.reset": "earliest"})
consumer.assign([TopicPartition(topic, p, 0) for p in range(3)])
seen = {}
while len(seen) < len(delivered):
    message = consumer.poll(10)
    assert message is not None, f"only {len(seen)} of {len(delivered)} records came"
    assert message.error() is None, message.error()
    assert message.value() not in seen, message.value()
    seen[message.value()] = (message.partition(), message.offset())
assert seen == delivered
low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
assert low == 0 and high == sum(1 for p, _ in delivered.values() if p == 0)
consumer.close()

admin.delete_topics([topic])[topic].result(15)
