#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kafka-python 3: topics, every codec with and without idempotence, assigned partitions."""
import os

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic

broker = os.environ["BROKER"]
topic = f"kafka-python-{os.getpid()}-{os.urandom(3).hex()}"
admin = KafkaAdminClient(bootstrap_servers=broker)
admin.create_topics([NewTopic(topic, 2, 1)])
assert topic in admin.list_topics()
admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "7200000"})])
assert "7200000" in str(admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))
admin.create_partitions({topic: NewPartitions(3)})

sent = set()
for codec in (None, "gzip", "snappy", "lz4"):
    for idempotent in (False, True):
        producer = KafkaProducer(bootstrap_servers=broker, acks="all", compression_type=codec,
                                 enable_idempotence=idempotent)
        values = [f"{codec} {idempotent} {i}".encode() for i in range(300)]
        futures = [producer.send(topic, key=value, value=value, headers=[("h", b"v")])
                   for value in values]
        producer.flush()
        assert all(future.get(10).offset >= 0 for future in futures)
        producer.close()
        sent.update(values)

consumer = KafkaConsumer(bootstrap_servers=broker, group_id=None, auto_offset_reset="earliest",
                         consumer_timeout_ms=10000)
partitions = [TopicPartition(topic, p) for p in range(3)]
consumer.assign(partitions)
assert sum(consumer.end_offsets(partitions).values()) == len(sent)
got = []
for record in consumer:
    got.append(record.value)
    if len(got) == len(sent):
        break
assert set(got) == sent, (len(got), len(sent))
consumer.close()
admin.delete_topics([topic])
assert topic not in admin.list_topics()
admin.close()
