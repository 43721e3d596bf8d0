// SPDX-License-Identifier: Apache-2.0

// Partitions says where sarama's hash partitioner puts a key, for tests/unit/client/partitioner_test.cc.
//
//	partitions COUNT.. < KEYS    a key in hex a line; out: KEY COUNT PARTITION, for each count
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"

	"github.com/IBM/sarama"
)

func main() {
	partitioner := sarama.NewHashPartitioner("t")
	keys := bufio.NewScanner(os.Stdin)
	for keys.Scan() {
		key, err := hex.DecodeString(keys.Text())
		if err != nil {
			panic(err)
		}
		for _, text := range os.Args[1:] {
			count, err := strconv.Atoi(text)
			if err != nil {
				panic(err)
			}
			message := sarama.ProducerMessage{Key: sarama.ByteEncoder(key)}
			partition, err := partitioner.Partition(&message, int32(count))
			if err != nil {
				panic(err)
			}
			fmt.Printf("x%s %d %d\n", keys.Text(), count, partition)
		}
	}
}
