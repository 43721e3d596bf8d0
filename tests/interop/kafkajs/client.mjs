// SPDX-License-Identifier: Apache-2.0
// KafkaJS 2.2: admin and produce; it never uses a flexible version and does not check our minimum.
import assert from 'node:assert/strict'
import kafkajs from 'kafkajs'

const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs

const kafka = new Kafka({ brokers: [process.env.BROKER], logLevel: logLevel.ERROR })
const topic = `kafkajs-${process.pid}-${Math.random().toString(16).slice(2)}`
const admin = kafka.admin()
await admin.connect()
assert.equal(await admin.createTopics({ topics: [{ topic, numPartitions: 2,
  configEntries: [{ name: 'retention.ms', value: '3600000' }] }] }), true)
assert.ok((await admin.listTopics()).includes(topic))
await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
const described = await admin.describeConfigs({ includeSynonyms: true,
  resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }] })
assert.equal(described.resources[0].configEntries[0].configValue, '3600000')
await admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC,
  name: topic, configEntries: [{ name: 'retention.ms', value: '7200000' }] }] })
assert.equal((await admin.describeCluster()).brokers.length, 1)

for (const idempotent of [false, true]) {
  const producer = kafka.producer({ idempotent })
  await producer.connect()
  const messages = Array.from({ length: 500 }, (_, i) => (
    { key: `k${i}`, value: `${idempotent} ${i}`, headers: { n: String(i) }, partition: i % 3 }))
  const sent = await producer.send({ topic, messages, acks: -1,
    compression: idempotent ? CompressionTypes.GZIP : CompressionTypes.None })
  assert.equal(sent.length, 3)
  assert.ok(sent.every((answer) => answer.errorCode === 0))
  await producer.disconnect()
}

const metadata = await admin.fetchTopicMetadata({ topics: [topic] })
assert.equal(metadata.topics[0].partitions.length, 3)
const offsets = await admin.fetchTopicOffsets(topic)
assert.equal(offsets.reduce((sum, { high }) => sum + Number(high), 0), 1000)
const early = await admin.fetchTopicOffsetsByTimestamp(topic, 0)
assert.ok(early.every(({ offset }) => offset === '0'))
await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '10' }] })
const after = await admin.fetchTopicOffsets(topic)
assert.equal(after.find(({ partition }) => partition === 0).low, '10')
await admin.deleteTopics({ topics: [topic] })
assert.ok(!(await admin.listTopics()).includes(topic))
await admin.disconnect()
