// SPDX-License-Identifier: Apache-2.0

// franz-go: its producer is idempotent by default, its consumer uses topic ids and fetch sessions.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "franz-go: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func must(ok bool, format string, args ...any) {
	if !ok {
		check(fmt.Errorf(format, args...), "assertion")
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	topic := fmt.Sprintf("franz-%d", time.Now().UnixNano())
	seeds := kgo.SeedBrokers(os.Getenv("BROKER"))

	client, err := kgo.NewClient(seeds)
	check(err, "client")
	admin := kadm.NewClient(client)
	week := "604800000"
	created, err := admin.CreateTopics(ctx, 3, 1, map[string]*string{"retention.ms": &week}, topic)
	check(err, "create topics")
	check(created[topic].Err, "create "+topic)
	configs, err := admin.DescribeTopicConfigs(ctx, topic)
	check(err, "describe configs")
	for _, config := range configs[0].Configs {
		if config.Key == "retention.ms" {
			must(config.MaybeValue() == week, "retention.ms is %s", config.MaybeValue())
		}
	}

	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(),
		kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	want := map[string]bool{}
	for n, codec := range codecs {
		producer, err := kgo.NewClient(seeds, kgo.DefaultProduceTopic(topic),
			kgo.ProducerBatchCompression(codec))
		check(err, "producer")
		var records []*kgo.Record
		for i := 0; i < 1000; i++ {
			value := fmt.Sprintf("%d-%d-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", n, i)
			want[value] = true
			records = append(records, &kgo.Record{Key: []byte(fmt.Sprint(i)), Value: []byte(value),
				Headers: []kgo.RecordHeader{{Key: "codec", Value: []byte(fmt.Sprint(n))}}})
		}
		check(producer.ProduceSync(ctx, records...).FirstErr(), "produce")
		producer.Close()
	}

	consumer, err := kgo.NewClient(seeds, kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	check(err, "consumer")
	next := map[int32]int64{}
	for len(want) > 0 {
		fetches := consumer.PollFetches(ctx)
		check(fetches.Err(), "fetch")
		fetches.EachRecord(func(r *kgo.Record) {
			must(want[string(r.Value)], "unexpected or doubled %q", r.Value)
			delete(want, string(r.Value))
			must(r.Offset == next[r.Partition], "offset %d after %d", r.Offset, next[r.Partition])
			next[r.Partition]++
		})
	}
	consumer.Close()

	ends, err := admin.ListEndOffsets(ctx, topic)
	check(err, "list end offsets")
	ends.Each(func(o kadm.ListedOffset) {
		must(o.Offset == next[o.Partition], "end of %d is %d", o.Partition, o.Offset)
	})
	deletion := kadm.Offsets{}
	deletion.AddOffset(topic, 0, 10, -1)
	deleted, err := admin.DeleteRecords(ctx, deletion)
	check(err, "delete records")
	check(deleted.Error(), "delete records")
	starts, err := admin.ListStartOffsets(ctx, topic)
	check(err, "list start offsets")
	start, _ := starts.Lookup(topic, 0)
	must(start.Offset == 10, "start is %d", start.Offset)
	_, err = admin.UpdatePartitions(ctx, 5, topic)
	check(err, "create partitions")
	details, err := admin.ListTopics(ctx, topic)
	check(err, "list topics")
	must(len(details[topic].Partitions) == 5, "%d partitions", len(details[topic].Partitions))
	sizes, err := admin.DescribeAllLogDirs(ctx, details.TopicsSet())
	check(err, "log dirs")
	must(len(sizes.Sorted()) > 0, "no log dirs")
	gone, err := admin.DeleteTopics(ctx, topic)
	check(err, "delete topics")
	check(gone.Error(), "delete topics")
	admin.Close()
}
