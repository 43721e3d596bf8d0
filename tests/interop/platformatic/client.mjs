// SPDX-License-Identifier: Apache-2.0
// @platformatic/kafka: admin and produce with the newest, flexible versions.
import assert from 'node:assert/strict'
import { Admin, Producer, stringSerializers } from '@platformatic/kafka'

const bootstrapBrokers = [process.env.BROKER]
const topic = `platformatic-${process.pid}-${Math.random().toString(16).slice(2)}`
const admin = new Admin({ clientId: 'interop', bootstrapBrokers, retries: 5 })
const created = await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 })
assert.equal(created[0].name, topic)
assert.equal(created[0].partitions, 3)
assert.ok((await admin.listTopics()).includes(topic))

for (const idempotent of [false, true]) {
  const producer = new Producer({ clientId: 'interop', bootstrapBrokers, idempotent,
    serializers: stringSerializers, retries: 5 })
  const messages = Array.from({ length: 300 }, (_, i) => (
    { topic, key: `k${i}`, value: `v${i}`, headers: { n: String(i) } }))
  const sent = await producer.send({ messages, acks: -1 })
  assert.ok(sent.offsets.length >= 1)
  await producer.close()
}

const metadata = await admin.metadata({ topics: [topic] })
assert.equal(metadata.topics.get(topic).partitionsCount, 3)
await admin.deleteTopics({ topics: [topic] })
assert.ok(!(await admin.listTopics()).includes(topic))
await admin.close()
