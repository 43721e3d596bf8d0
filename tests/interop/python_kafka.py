#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""python3-kafka 2.0.2, which pins old versions (ApiVersions 0, Metadata 0, Fetch 4, ..)."""
import os
import sys

try:
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
except ImportError:
    print("python_kafka.py: skipped: python3-kafka is not installed")
    sys.exit(77)

broker = os.environ["BROKER"]
topic = f"python-kafka-{os.getpid()}-{os.urandom(3).hex()}"

admin = KafkaAdminClient(bootstrap_servers=broker)
admin.create_topics([NewTopic(topic, 2, 1, topic_configs={"retention.ms": "86400000"})])
assert topic in admin.list_topics()
answer = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
configs = {entry[0]: entry[1] for response in answer for entry in response.resources[0][4]}
assert configs["retention.ms"] == "86400000", configs
admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "7200000"})])
admin.create_partitions({topic: NewPartitions(3)})

for codec in (None, "gzip", "lz4", "snappy"):
    if codec == "snappy":
        try:
            import snappy  # noqa: F401
        except ImportError:
            continue
    if codec == "lz4":
        try:
            import lz4.frame  # noqa: F401
        except ImportError:
            continue
    producer = KafkaProducer(bootstrap_servers=broker, acks="all", compression_type=codec)
    futures = [producer.send(topic, key=b"k%d" % i, value=b"%s %d" % (str(codec).encode(), i),
                             headers=[("n", b"%d" % i)]) for i in range(500)]
    producer.flush()
    for future in futures:
        assert future.get(10).offset >= 0
    producer.close()

consumer = KafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", group_id=None,
                         consumer_timeout_ms=10000)
partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
assert len(partitions) == 3, partitions
consumer.assign(partitions)
ends = consumer.end_offsets(partitions)
total = sum(ends.values())
values = set()
for record in consumer:
    assert record.headers[0][0] == "n"
    values.add(record.value)
    if len(values) == total:
        break
assert len(values) == total and total >= 1000, (len(values), total)
assert consumer.beginning_offsets(partitions)[partitions[0]] == 0
at_zero = consumer.offsets_for_times({partitions[0]: 0})
assert ends[partitions[0]] == 0 or at_zero[partitions[0]].offset == 0
consumer.close()

admin.delete_topics([topic])
assert topic not in admin.list_topics()
admin.close()
