// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventd/peers/internal/fields"
	"eventd/peers/internal/wire"
)

const restartTime = time.Second

// dial gives a broker that a story has killed, and that somebody starts again, the time to come back.
func (b Broker) dial() (*wire.Conn, error) {
	for deadline := time.Now().Add(restartTime); ; time.Sleep(retryPause) {
		conn, err := wire.Dial(b.Addr)
		if err == nil || time.Now().After(deadline) {
			return conn, err
		}
	}
}

// ask sends one request on its own connection, at the newest version that kmsg, the broker and the caller know.
func (b Broker) ask(req kmsg.Request, versionMax int16) (kmsg.Response, error) {
	version := min(req.MaxVersion(), b.Versions[req.Key()].Max, versionMax)
	req.SetVersion(version)
	conn, err := b.dial()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.Write(wire.Frame(wire.Encode(req, wire.Header{Correlation: 1}))); err != nil {
		return nil, err
	}
	frame, err := conn.ReadFrame(retryFor)
	if err != nil {
		return nil, fmt.Errorf("%s v%d: %w", kmsg.NameForKey(req.Key()), version, err)
	}
	answer, err := wire.Decode(req, frame)
	return answer.Response, err
}

// wakeCoordinators makes a fresh broker create its internal topics before the first story needs them: of groups and
// of transactions, where it has these.
func (b Broker) wakeCoordinators() {
	for kind, use := range []kmsg.Key{kmsg.JoinGroup, kmsg.AddPartitionsToTxn} {
		if _, advertised := b.Versions[use.Int16()]; !advertised {
			continue
		}
		for deadline := time.Now().Add(retryFor); time.Now().Before(deadline); time.Sleep(retryPause) {
			req := kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorKey, req.CoordinatorType = "kdiff", int8(kind)
			response, err := b.ask(req, 3)
			if err != nil || response.(*kmsg.FindCoordinatorResponse).ErrorCode == 0 {
				break
			}
		}
	}
}

// createTopics makes the topics of a story, waits until they can be used, and sets their variables.
func (p *Player) createTopics(topics map[string]Topic) error {
	if len(topics) == 0 {
		return nil
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = 10000
	byName := map[string]string{}
	for variable, spec := range topics {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic = fmt.Sprint(variable, "-", p.vars.values["run"])
		topic.NumPartitions, topic.ReplicationFactor = spec.Partitions, 1
		for name, value := range spec.Configs {
			config := kmsg.NewCreateTopicsRequestTopicConfig()
			config.Name, config.Value = name, &value
			topic.Configs = append(topic.Configs, config)
		}
		req.Topics = append(req.Topics, topic)
		byName[topic.Topic] = variable
		p.vars.set(variable, topic.Topic)
	}
	response, err := p.broker.ask(req, 7)
	if err != nil {
		return err
	}
	for _, topic := range response.(*kmsg.CreateTopicsResponse).Topics {
		if topic.ErrorCode != 0 {
			return fmt.Errorf("cannot create %s: error %s", topic.Topic, show("ErrorCode", int64(topic.ErrorCode)))
		}
	}
	return p.awaitTopics(req, byName)
}

// awaitTopics waits until metadata lists the topics and every partition answers ListOffsets.
func (p *Player) awaitTopics(created *kmsg.CreateTopicsRequest, byName map[string]string) error {
	metadata := kmsg.NewPtrMetadataRequest()
	offsets := kmsg.NewPtrListOffsetsRequest()
	for _, topic := range created.Topics {
		wanted := kmsg.NewMetadataRequestTopic()
		wanted.Topic = kmsg.StringPtr(topic.Topic)
		metadata.Topics = append(metadata.Topics, wanted)
		listed := kmsg.NewListOffsetsRequestTopic()
		listed.Topic = topic.Topic
		for i := range topic.NumPartitions {
			partition := kmsg.NewListOffsetsRequestTopicPartition()
			partition.Partition, partition.Timestamp = i, -1
			listed.Partitions = append(listed.Partitions, partition)
		}
		offsets.Topics = append(offsets.Topics, listed)
	}
	for deadline := time.Now().Add(retryFor); time.Now().Before(deadline); time.Sleep(retryPause) {
		response, err := p.broker.ask(metadata, 12)
		if err != nil {
			return err
		}
		answer, err := p.broker.ask(offsets, 7)
		if err != nil {
			return err
		}
		if !usable(response.(*kmsg.MetadataResponse), answer.(*kmsg.ListOffsetsResponse)) {
			continue
		}
		for _, topic := range response.(*kmsg.MetadataResponse).Topics {
			p.vars.save(byName[*topic.Topic]+".id", "", fields.UUID(topic.TopicID))
		}
		return nil
	}
	return errors.New("created topics do not become usable")
}

func usable(metadata *kmsg.MetadataResponse, offsets *kmsg.ListOffsetsResponse) bool {
	for _, topic := range metadata.Topics {
		if topic.ErrorCode != 0 || topic.Topic == nil {
			return false
		}
	}
	for _, topic := range offsets.Topics {
		for _, partition := range topic.Partitions {
			if partition.ErrorCode != 0 {
				return false
			}
		}
	}
	return true
}

// deleteTopics removes every topic whose name has the text, as far as the broker lets us.
func (b Broker) deleteTopics(text string) {
	metadata := kmsg.NewPtrMetadataRequest()
	metadata.Topics = nil // All of them.
	response, err := b.ask(metadata, 9)
	if err != nil {
		return
	}
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis = 10000
	for _, topic := range response.(*kmsg.MetadataResponse).Topics {
		if topic.Topic != nil && strings.Contains(*topic.Topic, text) {
			req.TopicNames = append(req.TopicNames, *topic.Topic)
		}
	}
	if len(req.TopicNames) > 0 {
		b.ask(req, 5)
	}
}
