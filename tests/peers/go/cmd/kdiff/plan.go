// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventd/peers/internal/wire"
)

// Broker is one side of the comparison.
type Broker struct {
	Role     string // truth or subject
	Addr     string
	Versions map[int16]wire.Range
}

// errSkip wraps the reason why a story cannot run against the subject.
var errSkip = errors.New("skip")

// canHaveTopics says whether the subject has what creating the topics of a story takes.
func canHaveTopics(subject Broker) error {
	for _, key := range []kmsg.Key{kmsg.CreateTopics, kmsg.Metadata, kmsg.ListOffsets} {
		if _, advertised := subject.Versions[key.Int16()]; !advertised {
			return fmt.Errorf("%w %s is not advertised, which the story's topics need", errSkip, key.Name())
		}
	}
	return nil
}

// plan writes out steps with several versions as one step for each version that both brokers and kmsg
// know, and fails for a version that the truth does not advertise, or (errSkip) the subject does not.
func plan(steps []Step, truth, subject Broker) ([]Step, error) {
	var out []Step
	for _, step := range steps {
		if step.API == "" || step.Force {
			out = append(out, step)
			continue
		}
		req, err := wire.Request(step.API)
		if err != nil {
			return nil, err
		}
		known := truth.Versions[req.Key()]
		known.Max = min(known.Max, req.MaxVersion())
		theirs, advertised := subject.Versions[req.Key()]
		if step.Version != nil {
			if !known.Has(*step.Version) {
				return nil, fmt.Errorf("the truth does not know %s v%d", step.API, *step.Version)
			}
			if !advertised || !theirs.Has(*step.Version) {
				return nil, fmt.Errorf("%w %s v%d is not advertised", errSkip, step.API, *step.Version)
			}
			out = append(out, step)
			continue
		}
		wanted := known
		if step.Versions != "all" {
			if _, err := fmt.Sscanf(step.Versions, "%d-%d", &wanted.Min, &wanted.Max); err != nil {
				return nil, fmt.Errorf("versions %q is neither all nor FROM-TO", step.Versions)
			}
		}
		count := 0
		for v := wanted.Min; v <= wanted.Max; v++ {
			if known.Has(v) && advertised && theirs.Has(v) {
				each := step
				each.Version = &v
				out = append(out, each)
				count++
			}
		}
		if count == 0 {
			return nil, fmt.Errorf("%w %s v%d-%d is not advertised", errSkip, step.API, wanted.Min, wanted.Max)
		}
	}
	return out, nil
}
