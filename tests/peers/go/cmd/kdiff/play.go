// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventd/peers/internal/fields"
	"eventd/peers/internal/wire"
)

// outcomeField tells in an outcome how the broker reacted: answered, closed, silent, or what was wrong.
const outcomeField = "(outcome)"

// Outcome is what one step came to on one broker.
type Outcome struct {
	Step   string
	Tree   fields.Object
	Accept []string
	Masks  Masks
}

// Player runs the steps of one story against one broker.
type Player struct {
	broker  Broker
	masks   Masks // Of the whole story.
	vars    Variables
	conns   map[string]*wire.Conn
	pending map[string]pending
}

// pending is a request that waits for its answer on a connection.
type pending struct {
	label       string
	conn        string
	req         kmsg.Request
	correlation int32
}

const (
	retryFor   = 15 * time.Second
	retryPause = 30 * time.Millisecond
)

// Codes that a coordinator gives while it loads or finishes: not what a story is about.
var coordinatorCodes = []int64{14, 15, 16, 51}

// In set-up, metadata that has not arrived yet is waited for, too.
var setupCodes = append([]int64{3, 5, 6}, coordinatorCodes...)

func newPlayer(broker Broker, run string, now int64, masks Masks) *Player {
	return &Player{
		broker:  broker,
		masks:   masks,
		vars:    Variables{values: map[string]any{"run": run, "now": now}},
		conns:   map[string]*wire.Conn{},
		pending: map[string]pending{},
	}
}

func (p *Player) close() {
	for _, conn := range p.conns {
		conn.Close()
	}
}

func (p *Player) conn(name string) (*wire.Conn, error) {
	if conn := p.conns[name]; conn != nil {
		return conn, nil
	}
	conn, err := p.broker.dial()
	if err == nil {
		p.conns[name] = conn
	}
	return conn, err
}

func (p *Player) hangUp(name string) {
	if conn := p.conns[name]; conn != nil {
		conn.Close()
		delete(p.conns, name)
	}
}

// prepare runs the set-up, where every error code is a failure.
func (p *Player) prepare(steps []Step) error {
	for i, step := range steps {
		if step.Retry == nil {
			step.Retry = setupCodes
		}
		outcome, err := p.play(step)
		if err != nil {
			return fmt.Errorf("set-up step %d %s: %w", i+1, label(step), err)
		}
		if outcome == nil {
			continue
		}
		if result := outcome.Tree[0].Value; result != "answered" {
			return fmt.Errorf("set-up step %d %s: %v", i+1, outcome.Step, result)
		}
		for _, code := range errorCodes(outcome.Tree) {
			if code != 0 {
				return fmt.Errorf("set-up step %d %s: error %s", i+1, outcome.Step, show("ErrorCode", code))
			}
		}
	}
	return nil
}

// play runs one step; pauses and requests that are only sent have no outcome.
func (p *Player) play(step Step) (*Outcome, error) {
	switch {
	case step.Pause != "":
		pause, err := time.ParseDuration(step.Pause)
		time.Sleep(pause)
		return nil, err
	case step.Frame != "" || step.Bytes != "":
		return p.playRaw(step)
	case step.Await != "":
		waiting, ok := p.pending[step.Await]
		if !ok {
			return nil, fmt.Errorf("nothing called %s was started", step.Await)
		}
		delete(p.pending, step.Await)
		return p.finish(step, waiting, p.receive(waiting, step))
	}
	if step.Retry == nil {
		step.Retry = coordinatorCodes
	}
	for deadline := time.Now().Add(retryFor); ; time.Sleep(retryPause) {
		waiting, err := p.send(step)
		if err != nil {
			return nil, err
		}
		if step.Start != "" {
			p.pending[step.Start] = waiting
			return nil, nil
		}
		tree := p.receive(waiting, step)
		if p.settled(step, tree) {
			return p.finish(step, waiting, tree)
		}
		if time.Now().After(deadline) {
			outcome, err := p.finish(step, waiting, tree)
			if err == nil && len(step.Until) > 0 {
				err = fmt.Errorf("never came to %v", step.Until)
			}
			return outcome, err
		}
	}
}

func (p *Player) settled(step Step, tree fields.Object) bool {
	for _, code := range errorCodes(tree) {
		for _, transient := range step.Retry {
			if code == transient {
				return false
			}
		}
	}
	for path, wanted := range step.Until {
		filled, err := p.vars.fill(wanted)
		got, missing := fields.Get(tree, path)
		if err != nil || missing != nil || fmt.Sprint(got) != fmt.Sprint(filled) {
			return false
		}
	}
	return true
}

func errorCodes(tree fields.Object) []int64 {
	var codes []int64
	fields.Walk(tree, func(name string, value any) {
		if code, ok := value.(int64); ok && strings.HasSuffix(name, "ErrorCode") {
			codes = append(codes, code)
		}
	})
	return codes
}

// send writes the request of a step.
func (p *Player) send(step Step) (pending, error) {
	req, err := wire.Request(step.API)
	if err != nil {
		return pending{}, err
	}
	req.SetVersion(*step.Version)
	p.vars.set("version", int64(*step.Version))
	body, err := p.vars.fill(step.Body)
	if err != nil {
		return pending{}, err
	}
	if err := fields.Fill(req, body); err != nil {
		return pending{}, err
	}
	conn, err := p.conn(step.On)
	if err != nil {
		return pending{}, err
	}
	header, err := headerOf(step, conn)
	if err != nil {
		return pending{}, err
	}
	raw, err := step.Damage.do(wire.Encode(req, header))
	if err != nil {
		return pending{}, err
	}
	if conn.Write(raw) != nil {
		p.hangUp(step.On) // Reading will find it closed.
	}
	return pending{label(step), step.On, req, header.Correlation}, nil
}

func headerOf(step Step, conn *wire.Conn) (wire.Header, error) {
	client := "kdiff"
	header := wire.Header{Correlation: conn.NextCorrelation(), ClientID: &client}
	if step.Client != nil {
		header.ClientID = step.Client
	}
	if step.NoClient {
		header.ClientID = nil
	}
	if step.Correlation != nil {
		header.Correlation = *step.Correlation
	}
	for name, value := range step.HeaderTags {
		tag, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return header, err
		}
		raw, err := hex.DecodeString(value)
		if err != nil {
			return header, err
		}
		header.Tags.Set(uint32(tag), raw)
	}
	return header, nil
}

// do damages an encoded request and puts the length before it.
func (d Damage) do(payload []byte) ([]byte, error) {
	for at, text := range d.Patch {
		raw, err := unhex(text)
		if err != nil || at < 0 || at+len(raw) > len(payload) {
			return nil, fmt.Errorf("patch at %d does not fit into %d bytes", at, len(payload))
		}
		copy(payload[at:], raw)
	}
	if d.Cut > len(payload) {
		return nil, fmt.Errorf("cannot cut %d of %d bytes", d.Cut, len(payload))
	}
	payload = payload[:len(payload)-d.Cut]
	more, err := unhex(d.Add)
	if err != nil {
		return nil, err
	}
	frame := wire.Frame(append(payload, more...))
	if d.Claim != nil {
		copy(frame, []byte{byte(*d.Claim >> 24), byte(*d.Claim >> 16), byte(*d.Claim >> 8), byte(*d.Claim)})
	}
	return frame, nil
}

func unhex(text string) ([]byte, error) {
	return hex.DecodeString(strings.Join(strings.Fields(text), ""))
}

// receive reads the answer to a request.
func (p *Player) receive(waiting pending, step Step) fields.Object {
	conn := p.conns[waiting.conn]
	if conn == nil {
		return outcome("closed")
	}
	frame, err := conn.ReadFrame(step.answerWait())
	if errors.Is(err, wire.ErrSilent) {
		return outcome("silent")
	}
	if err != nil {
		p.hangUp(waiting.conn)
		return outcome(err.Error())
	}
	answer, err := wire.Decode(waiting.req, frame)
	if err != nil {
		return outcome(err.Error())
	}
	if answer.Correlation != waiting.correlation {
		return outcome(fmt.Sprintf("correlation id %d instead of %d", answer.Correlation, waiting.correlation))
	}
	tree := append(outcome("answered"), fields.Tree(answer.Response)...)
	if !answer.Exact {
		tree = append(tree, fields.Field{Name: "(encoding)", Value: "has bytes more or less than its fields need"})
	}
	return tree
}

func outcome(text string) fields.Object { return fields.Object{{Name: outcomeField, Value: text}} }

// finish saves values and puts names for those that are known.
func (p *Player) finish(step Step, waiting pending, tree fields.Object) (*Outcome, error) {
	for name, path := range step.Save {
		value, err := fields.Get(tree, path)
		if err != nil {
			return nil, err
		}
		p.vars.save(name, path[strings.LastIndex(path, ".")+1:], value)
	}
	masks := anyAPI.with(byAPI[kmsg.NameForKey(waiting.req.Key())]).with(p.masks).with(step.Masks)
	for path, wanted := range masks.Only {
		filled, err := p.vars.fillText(wanted)
		if err != nil {
			return nil, err
		}
		masks.Only[path] = fmt.Sprint(filled)
	}
	return &Outcome{waiting.label, p.vars.name(tree, "").(fields.Object), step.Accept, masks}, nil
}

// playRaw sends bytes and tells only whether something came back.
func (p *Player) playRaw(step Step) (*Outcome, error) {
	raw, err := unhex(step.Frame + step.Bytes)
	if err != nil {
		return nil, err
	}
	if step.Frame != "" {
		raw = wire.Frame(raw)
	}
	conn, err := p.conn(step.On)
	if err != nil {
		return nil, err
	}
	result := "answered"
	if err := conn.Write(raw); err != nil {
		result = "closed"
	} else if _, err := conn.ReadFrame(step.answerWait()); err != nil {
		result = err.Error()
	}
	if result != "answered" {
		p.hangUp(step.On)
	}
	return &Outcome{label(step), outcome(result), step.Accept, step.Masks}, nil
}

func label(step Step) string {
	switch {
	case step.Version != nil:
		return fmt.Sprintf("%s v%d", step.API, *step.Version)
	case step.Await != "":
		return "await " + step.Await
	case step.Pause != "":
		return "pause"
	}
	return "raw"
}
