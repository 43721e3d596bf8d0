// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"eventd/peers/internal/fields"
)

// object makes an Object of names and values in turn.
func object(pairs ...any) fields.Object {
	out := fields.Object{}
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, fields.Field{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return out
}

func partition(leader, offset, code int64) fields.Object {
	return object("Leader", leader, "Offset", offset, "ErrorCode", code)
}

func answer(partitions ...any) fields.Object {
	return object(outcomeField, "answered", "Partitions", partitions)
}

func TestMasks(t *testing.T) {
	masks := Masks{Loose: []string{"Leader"}, Ignore: []string{"Partitions.Offset"}, Unordered: []string{"Partitions"}}
	same := func(truth, subject fields.Object) bool {
		return len(compare(masks.mask(truth, nil), masks.mask(subject, nil), "")) == 0
	}
	if !same(answer(partition(1, 5, 0), partition(2, 6, 3)), answer(partition(9, 7, 3), partition(8, 8, 0))) {
		t.Error("leaders, offsets and order should not matter")
	}
	if same(answer(partition(1, 5, 0)), answer(partition(-1, 5, 0))) {
		t.Error("no leader is not the same as a leader")
	}
	if same(answer(partition(1, 5, 0)), answer(partition(1, 5, 3))) {
		t.Error("error codes matter")
	}
	if same(answer(partition(1, 5, 0)), answer()) || same(answer(), outcome("closed")) {
		t.Error("lengths and outcomes matter")
	}
	if !same(answer(partition(1, 5, -1)), answer(partition(1, 5, 2))) || same(answer(partition(1, 5, -1)), answer(partition(1, 5, 0))) {
		t.Error("for UNKNOWN_SERVER_ERROR any error is as good, but none is not")
	}
	reason := func(code int64, message any) fields.Object {
		return object("ErrorCode", code, "ErrorMessage", message)
	}
	if !same(reason(-1, nil), reason(42, "why")) || same(reason(3, nil), reason(3, "why")) {
		t.Error("a better error may have a message, the same one may not")
	}
}

func TestOnlyKeepsWhatContainsTheText(t *testing.T) {
	masks := Masks{Only: map[string]string{"Groups": "mine"}}
	tree := object("Groups", []any{"mine-1", "theirs", "also mine"})
	if got := text(masks.mask(tree, nil)); got != `{"Groups":["mine-1","also mine"]}` {
		t.Error(got)
	}
	if got := text(masks.mask(object("Groups", nil), nil)); got != `{"Groups":[]}` {
		t.Error(got)
	}
}

func TestVariables(t *testing.T) {
	vars := Variables{values: map[string]any{"run": "r1", "now": int64(100)}}
	vars.save("pid", "ProducerID", int64(7))
	vars.save("m", "MemberID", "kdiff-1")
	for from, want := range map[string]any{
		"$now": int64(100), "$now+5": int64(105), "$now-5": int64(95), "g-$run": "g-r1", "$run-v$now": "r1-v100", "$run-2": "r1-2",
	} {
		if got, err := vars.fill(from); err != nil || got != want {
			t.Errorf("%s: %v %v", from, got, err)
		}
	}
	if _, err := vars.fill("$nobody"); err == nil {
		t.Error("an unknown variable should be an error")
	}
	tree := object("ProducerID", int64(7), "Offset", int64(7), "LeaderID", "kdiff-1")
	if got := text(vars.name(tree, "")); got != `{"ProducerID":"$pid","Offset":7,"LeaderID":"$m"}` {
		t.Error(got)
	}
}

func TestGlobs(t *testing.T) {
	for _, glob := range []string{"", "Fetch", "Fetch/*", "a-*", "Fetch/a-session"} {
		if !matches(glob, "Fetch/a-session") {
			t.Error(glob)
		}
	}
	if matches("Produce", "Fetch/a-session") {
		t.Error("Produce should not match")
	}
}
