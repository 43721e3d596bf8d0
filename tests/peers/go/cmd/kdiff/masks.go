// SPDX-License-Identifier: Apache-2.0

package main

import "maps"

// Masks say what may differ. A mask names fields by the end of their path, without indexes: ErrorCode is
// any field of that name, Partitions.Offset is every Offset within Partitions.
type Masks struct {
	Ignore    []string          `yaml:"ignore"`    // Not compared at all.
	Loose     []string          `yaml:"loose"`     // Nothing (null, empty), zero id and negative numbers are compared; values are not.
	Unordered []string          `yaml:"unordered"` // Lists whose order does not matter.
	Only      map[string]string `yaml:"only"`      // Elements of a list are compared only if they contain the text.
}

func (m Masks) with(more Masks) Masks {
	only := maps.Clone(m.Only)
	if only == nil {
		only = map[string]string{}
	}
	maps.Copy(only, more.Only)
	return Masks{
		Ignore:    append(append([]string{}, m.Ignore...), more.Ignore...),
		Loose:     append(append([]string{}, m.Loose...), more.Loose...),
		Unordered: append(append([]string{}, m.Unordered...), more.Unordered...),
		Only:      only,
	}
}

// anyAPI is what two right brokers may answer differently in any response.
var anyAPI = Masks{
	Ignore: []string{"ThrottleMillis", "ClusterID", "Rack"},
	Loose: []string{
		"ErrorMessage",
		"NodeID", "Host", "Port", "ControllerID", "Leader", "LeaderID", "Replicas", "ISR",
		"OfflineReplicas", "ClientHost", "TopicID",
		"LeaderEpoch", "CoordinatorEpoch", "DivergingEpoch.Epoch",
		"ProducerID", "MemberID", "HeartbeatIntervalMillis",
	},
}

// byAPI adds to anyAPI, by kmsg's name of the API.
var byAPI = map[string]Masks{
	"Metadata":                {Unordered: []string{"Brokers", "Topics", "Topics.Partitions"}},
	"DescribeCluster":         {Unordered: []string{"Brokers"}},
	"DescribeTopicPartitions": {Loose: []string{"EligibleLeaderReplicas", "LastKnownELR"}},
	"ApiVersions":             {Unordered: []string{"ApiKeys", "SupportedFeatures", "FinalizedFeatures"}, Loose: []string{"FinalizedFeaturesEpoch"}},
	"Fetch":                   {Loose: []string{"SessionID"}, Unordered: []string{"Topics", "AbortedTransactions"}},
	"DescribeLogDirs":         {Loose: []string{"Dir", "TotalBytes", "UsableBytes"}, Unordered: []string{"Dirs.Topics", "Dirs.Topics.Partitions"}},
	"ListGroups":              {Unordered: []string{"Groups"}},
	"DescribeGroups":          {Unordered: []string{"Groups", "Members"}},
	"ConsumerGroupDescribe":   {Unordered: []string{"Groups", "Members"}},
	"JoinGroup":               {Unordered: []string{"Members"}},
	"LeaveGroup":              {Unordered: []string{"Members"}},
	"DescribeConfigs":         {Unordered: []string{"Resources", "Configs"}},
	"AlterConfigs":            {Unordered: []string{"Resources"}},
	"IncrementalAlterConfigs": {Unordered: []string{"Resources"}},
	"CreateTopics":            {Unordered: []string{"Topics", "Configs"}},
	"CreatePartitions":        {Unordered: []string{"Topics"}},
	"DeleteTopics":            {Unordered: []string{"Topics"}},
	"DeleteGroups":            {Unordered: []string{"Groups"}},
	"DeleteRecords":           {Unordered: []string{"Topics", "Partitions"}},
	"ListOffsets":             {Unordered: []string{"Topics", "Partitions"}},
	"OffsetForLeaderEpoch":    {Unordered: []string{"Topics", "Partitions"}},
	"Produce":                 {Unordered: []string{"Topics", "Partitions"}},
	"OffsetCommit":            {Unordered: []string{"Topics", "Partitions"}},
	"OffsetFetch":             {Unordered: []string{"Groups", "Topics", "Partitions"}},
	"OffsetDelete":            {Unordered: []string{"Topics", "Partitions"}},
	"AddPartitionsToTxn":      {Unordered: []string{"Topics", "Partitions"}},
	"TxnOffsetCommit":         {Unordered: []string{"Topics", "Partitions"}},
	"DescribeProducers":       {Loose: []string{"LastTimestamp"}, Unordered: []string{"Topics", "Partitions", "ActiveProducers"}},
	"DescribeTransactions":    {Loose: []string{"StartTimestamp"}, Unordered: []string{"TransactionStates", "Topics"}},
	"ListTransactions":        {Unordered: []string{"TransactionStates"}},
	"ElectLeaders":            {Unordered: []string{"Topics", "Partitions"}},
	"SASLHandshake":           {Unordered: []string{"SupportedMechanisms"}},
}
