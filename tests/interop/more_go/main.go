// SPDX-License-Identifier: Apache-2.0

// sarama, at an old, a middle and its newest protocol version, and segmentio/kafka-go: topics, producers of every
// codec, and partitions read to their end.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
	kafka "github.com/segmentio/kafka-go"
)

var broker = os.Getenv("BROKER")

func must(what string, err error) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}

func equal(what string, got, wanted int) {
	if got != wanted {
		must(what, fmt.Errorf("%d instead of %d", got, wanted))
	}
}

func withSarama(version sarama.KafkaVersion) {
	name := "sarama " + version.String()
	topic := fmt.Sprintf("sarama-%d-%s", os.Getpid(), version)
	config := sarama.NewConfig()
	config.Version = version
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	admin, err := sarama.NewClusterAdmin([]string{broker}, config)
	must(name, err)
	must(name+" create", admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}, false))
	must(name+" partitions", admin.CreatePartitions(topic, 3, nil, false))
	sent := 0
	for codec := sarama.CompressionNone; codec <= sarama.CompressionZSTD; codec++ {
		if codec == sarama.CompressionZSTD && !version.IsAtLeast(sarama.V2_1_0_0) {
			continue
		}
		each := *config
		each.Producer.Compression = codec
		if each.Producer.Idempotent = version.IsAtLeast(sarama.V2_1_0_0); each.Producer.Idempotent {
			each.Net.MaxOpenRequests = 1
		}
		producer, err := sarama.NewSyncProducer([]string{broker}, &each)
		must(name+" producer", err)
		for i := range 100 {
			_, _, err := producer.SendMessage(&sarama.ProducerMessage{
				Topic: topic, Key: sarama.StringEncoder(fmt.Sprint(i)), Value: sarama.StringEncoder("v")})
			must(fmt.Sprint(name, " send ", codec), err)
			sent++
		}
		must(name+" close", producer.Close())
	}
	client, err := sarama.NewClient([]string{broker}, config)
	must(name+" client", err)
	consumer, err := sarama.NewConsumerFromClient(client)
	must(name+" consumer", err)
	got := 0
	for partition := range int32(3) {
		end, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
		must(name+" offset", err)
		reader, err := consumer.ConsumePartition(topic, partition, sarama.OffsetOldest)
		must(name+" consume", err)
		for range end {
			select {
			case <-reader.Messages():
				got++
			case <-time.After(10 * time.Second):
				must(name, fmt.Errorf("nothing came for 10 s"))
			}
		}
		must(name+" close", reader.Close())
	}
	equal(name+" records", got, sent)
	must(name+" delete", admin.DeleteTopic(topic))
	must(name+" close", admin.Close())
}

func withSegmentio() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	topic := fmt.Sprintf("segmentio-%d", os.Getpid())
	client := &kafka.Client{Addr: kafka.TCP(broker)}
	created, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 2, ReplicationFactor: 1}}})
	must("segmentio create", err)
	must("segmentio create", created.Errors[topic])
	sent := 0
	for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		writer := &kafka.Writer{Addr: kafka.TCP(broker), Topic: topic, Compression: codec,
			RequiredAcks: kafka.RequireAll, BatchTimeout: 10 * time.Millisecond}
		var messages []kafka.Message
		for i := range 100 {
			messages = append(messages, kafka.Message{Key: []byte(fmt.Sprint(i)), Value: []byte("v")})
		}
		must("segmentio write", writer.WriteMessages(ctx, messages...))
		must("segmentio close", writer.Close())
		sent += len(messages)
	}
	got := 0
	for partition := range 2 {
		leader, err := kafka.DialLeader(ctx, "tcp", broker, topic, partition)
		must("segmentio dial", err)
		first, last, err := leader.ReadOffsets()
		must("segmentio offsets", err)
		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, Topic: topic, Partition: partition})
		for range last - first {
			_, err := reader.ReadMessage(ctx)
			must("segmentio read", err)
			got++
		}
		must("segmentio close", reader.Close())
		must("segmentio close", leader.Close())
	}
	equal("segmentio records", got, sent)
	_, err = client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	must("segmentio delete", err)
}

func main() {
	for _, version := range []sarama.KafkaVersion{sarama.V1_0_0_0, sarama.V2_8_0_0, sarama.MaxVersion} {
		withSarama(version)
	}
	withSegmentio()
}
