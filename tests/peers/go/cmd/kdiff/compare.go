// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"

	"eventd/peers/internal/fields"
)

// Difference is one field that is not the same.
type Difference struct {
	Path           string
	Truth, Subject string
}

// mask returns the tree as it is compared: ignored fields gone, loose values hidden, lists sorted.
func (m Masks) mask(tree any, path []string) any {
	switch node := tree.(type) {
	case fields.Object:
		out := fields.Object{}
		for _, field := range node {
			inner := append(slices.Clone(path), field.Name)
			if !names(m.Ignore, inner) {
				out = append(out, fields.Field{Name: field.Name, Value: m.mask(field.Value, inner)})
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range node {
			if m.keeps(item, path) {
				out = append(out, m.mask(item, path))
			}
		}
		if names(m.Unordered, path) {
			sort.Slice(out, func(i, j int) bool { return text(out[i]) < text(out[j]) })
		}
		return out
	}
	if _, filtered := m.textFor(path); filtered && tree == nil {
		return []any{} // A list of nothing else is no more than none.
	}
	if names(m.Loose, path) {
		return loosen(tree)
	}
	return tree
}

// textFor is what the elements of a list must contain, if it is filtered.
func (m Masks) textFor(path []string) (wanted string, filtered bool) {
	for pattern, wanted := range m.Only {
		if names([]string{pattern}, path) {
			return wanted, true
		}
	}
	return "", false
}

func (m Masks) keeps(item any, path []string) bool {
	wanted, filtered := m.textFor(path)
	return !filtered || strings.Contains(text(item), wanted)
}

const zeroUUID = "AAAAAAAAAAAAAAAAAAAAAA"

// loosen keeps what says that there is nothing (for texts, null and empty alike), and hides what there is.
func loosen(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil
		}
		if v != zeroUUID {
			return "(some text)"
		}
	case int64:
		if v >= 0 {
			return "(some number)"
		}
	case float64:
		return "(some number)"
	}
	return value
}

// names says whether one of the patterns is the end of the path.
func names(patterns, path []string) bool {
	for _, pattern := range patterns {
		parts := strings.Split(pattern, ".")
		if len(parts) <= len(path) && slices.Equal(parts, path[len(path)-len(parts):]) {
			return true
		}
	}
	return false
}

// compare lists the fields in which two masked trees differ.
func compare(truth, subject any, path string) []Difference {
	switch t := truth.(type) {
	case fields.Object:
		if s, ok := subject.(fields.Object); ok {
			return compareObjects(t, s, path)
		}
	case []any:
		if s, ok := subject.([]any); ok && len(t) == len(s) {
			var out []Difference
			for i := range t {
				out = append(out, compare(t[i], s[i], fmt.Sprintf("%s[%d]", path, i))...)
			}
			return out
		}
	}
	if text(truth) == text(subject) || excused(path, truth, subject) {
		return nil
	}
	return []Difference{{path, show(path, truth), show(path, subject)}}
}

// excused: where the truth knows no better than UNKNOWN_SERVER_ERROR, any other error is as good.
func excused(path string, truth, subject any) bool {
	code, isCode := subject.(int64)
	return strings.HasSuffix(path, "ErrorCode") && truth == int64(-1) && isCode && code != 0
}

func compareObjects(truth, subject fields.Object, path string) []Difference {
	find := func(object fields.Object, name string) any {
		for _, field := range object {
			if field.Name == name {
				return field.Value
			}
		}
		return nil
	}
	if path != "" {
		path += "."
	}
	if a, b := find(truth, outcomeField), find(subject, outcomeField); text(a) != text(b) {
		return []Difference{{path + outcomeField, show("", a), show("", b)}}
	}
	var out []Difference
	atLoss := excused("ErrorCode", find(truth, "ErrorCode"), find(subject, "ErrorCode"))
	for _, field := range truth {
		if atLoss && field.Name == "ErrorMessage" {
			continue // Who knows better may say so.
		}
		out = append(out, compare(field.Value, find(subject, field.Name), path+field.Name)...)
	}
	for _, field := range subject {
		if !slices.ContainsFunc(truth, func(f fields.Field) bool { return f.Name == field.Name }) {
			out = append(out, compare(nil, field.Value, path+field.Name)...)
		}
	}
	return out
}

func text(tree any) string {
	out, err := json.Marshal(tree)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

const shownMax = 200

func show(path string, value any) string {
	if code, ok := value.(int64); ok && strings.HasSuffix(path, "ErrorCode") {
		name := "NONE"
		if err := kerr.TypedErrorForCode(int16(code)); err != nil {
			name = err.Message
		}
		return fmt.Sprintf("%d %s", code, name)
	}
	out := text(value)
	if len(out) > shownMax {
		out = out[:shownMax] + "..."
	}
	return out
}
