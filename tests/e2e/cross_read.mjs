// SPDX-License-Identifier: Apache-2.0
// KafkaJS writes events into topics, or reads them. $KAFKAJS is the folder where it is installed,
// with kafkajs-snappy; lz4 and zstd are the programs of those names.
//
//   write BROKER TOPIC-PREFIX EVENTS   into PREFIX-CODEC, with each codec
//   read BROKER COUNT TOPIC..          prints [timestamp, key, value, headers], TOPIC in front
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.env.KAFKAJS}/`)
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = require('kafkajs')
const program = (name) => () => ({
  compress: async (encoder) => execFileSync(name, ['-c', '-q'], { input: encoder.buffer }),
  decompress: async (input) => execFileSync(name, ['-d', '-c', '-q'], { input }),
})
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')
CompressionCodecs[CompressionTypes.LZ4] = program('lz4')
CompressionCodecs[CompressionTypes.ZSTD] = program('zstd')

const codecs = { none: 'None', gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' }
const bytes = (value) => value === null ? null
  : typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.base64, 'base64')
const hex = (value) => value === null || value === undefined ? null : value.toString('hex')

const [what, broker, ...more] = process.argv.slice(2)
const kafka = new Kafka({ brokers: broker.split(','), logLevel: logLevel.NOTHING })

async function write(prefix, file) {
  const messages = readFileSync(file, 'utf8').trim().split('\n').map((line) => {
    const event = JSON.parse(line)
    const headers = {}
    const written = (event.headers ?? []).filter(([, value]) => value !== null)
    for (const [name, value] of written) (headers[name] ??= []).push(bytes(value))
    return { partition: 0, timestamp: String(event.timestamp), key: bytes(event.key),
      value: bytes(event.value), headers }
  })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  for (const [codec, type] of Object.entries(codecs)) {
    await producer.send({ topic: `${prefix}-${codec}`, messages, acks: -1,
      compression: CompressionTypes[type] })
  }
  await producer.disconnect()
}

async function read(count, ...topics) {
  const consumer = kafka.consumer({ groupId: `read-${process.pid}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  let left = Number(count) * topics.length
  await new Promise((resolve) => consumer.run({ eachMessage: async ({ topic, message }) => {
    const headers = Object.entries(message.headers).map(([name, value]) =>
      [hex(Buffer.from(name)), (Array.isArray(value) ? value : [value]).map(hex)])
    console.log(`${topic} ${JSON.stringify([Number(message.timestamp), hex(message.key),
      hex(message.value), headers])}`)
    if (--left === 0) resolve()
  } }))
  await consumer.disconnect()
}

await { write, read }[what](...more)
