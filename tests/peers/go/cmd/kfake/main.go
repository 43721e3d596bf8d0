// SPDX-License-Identifier: Apache-2.0

// kfake runs franz-go's fake Kafka as a broker: a rival, and a second opinion on the protocol.
//
//	kfake -ports 21200[,21201..] [-data-dir DIR] [-as-version 3.9] [-seed-topic NAME:PARTITIONS]..
//	      [-auto-create] [-sasl MECHANISM:USER:PASSWORD] [-acls]
//
// One broker a port, on 127.0.0.1. With -data-dir, what it holds outlives it. It prints
// "listening on 127.0.0.1:PORT[,..]" when it can be used, and runs until SIGINT or SIGTERM.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"
)

func main() {
	options := []kfake.Opt{}
	add := func(option kfake.Opt) { options = append(options, option) }
	ports := flag.String("ports", "9092", "comma-separated `ports`, one for each broker")
	flag.Func("data-dir", "keep data in `dir`", func(dir string) error {
		add(kfake.DataDir(dir))
		return nil
	})
	flag.Func("as-version", "speak no newer protocol than that Kafka `version`", func(text string) error {
		version := kversion.FromString(text)
		if version == nil {
			return fmt.Errorf("no such version")
		}
		add(kfake.MaxVersions(version))
		return nil
	})
	flag.Func("seed-topic", "create `name:partitions` first (repeatable)", func(text string) error {
		name, count, _ := strings.Cut(text, ":")
		partitions, err := strconv.ParseInt(count, 10, 32)
		add(kfake.SeedTopics(int32(partitions), name))
		return err
	})
	flag.BoolFunc("auto-create", "create unknown topics when a client asks for them", func(string) error {
		add(kfake.AllowAutoTopicCreation())
		return nil
	})
	flag.Func("sasl", "want SASL, with `mechanism:user:password` as superuser (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512)", func(text string) error {
		part := strings.SplitN(text, ":", 3)
		if len(part) != 3 {
			return fmt.Errorf("want mechanism:user:password")
		}
		add(kfake.EnableSASL())
		add(kfake.Superuser(part[0], part[1], part[2]))
		return nil
	})
	flag.BoolFunc("acls", "enforce ACLs", func(string) error {
		add(kfake.EnableACLs())
		return nil
	})
	flag.Parse()
	if err := run(*ports, options); err != nil {
		fmt.Fprintln(os.Stderr, "kfake:", err)
		os.Exit(2)
	}
}

func run(ports string, options []kfake.Opt) error {
	numbers := []int{}
	for text := range strings.SplitSeq(ports, ",") {
		port, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("port %q: %w", text, err)
		}
		numbers = append(numbers, port)
	}
	cluster, err := kfake.NewCluster(append(options, kfake.NumBrokers(len(numbers)), kfake.Ports(numbers...))...)
	if err != nil {
		return err
	}
	defer cluster.Close()
	fmt.Println("listening on", strings.Join(cluster.ListenAddrs(), ","))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	return nil
}
