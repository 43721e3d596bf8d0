#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""aiokafka: topics, every codec with and without idempotence, assigned partitions."""
import asyncio
import os

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

broker = os.environ["BROKER"]
topic = f"aiokafka-{os.getpid()}-{os.urandom(3).hex()}"


async def produce(codec, idempotent):
    producer = AIOKafkaProducer(bootstrap_servers=broker, compression_type=codec, acks="all",
                                enable_idempotence=idempotent)
    await producer.start()
    values = [f"{codec} {idempotent} {i}".encode() for i in range(200)]
    futures = [await producer.send(topic, value=value, key=value) for value in values]
    for future in futures:
        assert (await future).offset >= 0
    await producer.stop()
    return values


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.create_partitions({topic: NewPartitions(3)})
    sent = set()
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        for idempotent in (False, True):
            sent.update(await produce(codec, idempotent))
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, group_id=None)
    await consumer.start()
    partitions = [TopicPartition(topic, p) for p in range(3)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    got = [(await asyncio.wait_for(consumer.getone(), 10)).value for _ in sent]
    assert set(got) == sent and len(sent) == 2000, (len(set(got)), len(sent))
    assert sum((await consumer.end_offsets(partitions)).values()) == len(sent)
    await consumer.stop()
    await admin.delete_topics([topic])
    assert topic not in await admin.list_topics()
    await admin.close()

asyncio.run(main())
