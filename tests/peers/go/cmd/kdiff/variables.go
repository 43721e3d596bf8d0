// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"

	"eventd/peers/internal/fields"
)

// Variables are what $name in a case file stands for.
type Variables struct {
	values map[string]any
	saved  []saved
}

// saved is a value that may differ between brokers and is shown as its name when it comes again.
type saved struct {
	name  string
	field string // For numbers: only in fields of this name. Empty: in any field.
	value any
}

// Same stands in an outcome for a saved value.
type Same string

func (v *Variables) set(name string, value any) { v.values[name] = value }

// save sets a variable from a field of a response.
func (v *Variables) save(name, field string, value any) {
	v.set(name, value)
	if _, isText := value.(string); isText {
		field = ""
	}
	v.saved = append(v.saved, saved{name, field, value})
}

var reference = regexp.MustCompile(`\$([a-z][a-z0-9]*(?:\.id)?)([+-]\d+)?`)

// fill replaces $name and $name+N in every text of a tree. A text that is only a reference becomes the
// value itself, of whatever type.
func (v *Variables) fill(tree any) (any, error) {
	switch node := tree.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range node {
			filled, err := v.fill(value)
			if err != nil {
				return nil, err
			}
			out[name] = filled
		}
		return out, nil
	case []any:
		out := make([]any, len(node))
		for i, value := range node {
			filled, err := v.fill(value)
			if err != nil {
				return nil, err
			}
			out[i] = filled
		}
		return out, nil
	case string:
		return v.fillText(node)
	}
	return tree, nil
}

func (v *Variables) fillText(text string) (any, error) {
	if match := reference.FindStringSubmatch(text); match != nil && match[0] == text {
		return v.lookUp(match)
	}
	var failure error
	filled := reference.ReplaceAllStringFunc(text, func(part string) string {
		value, err := v.lookUp(reference.FindStringSubmatch(part))
		if err != nil {
			failure = err
		}
		return fmt.Sprint(value)
	})
	return filled, failure
}

// lookUp adds the number to a number; after a text it is simply more text.
func (v *Variables) lookUp(match []string) (any, error) {
	value, ok := v.values[match[1]]
	if !ok {
		return nil, fmt.Errorf("$%s is not set", match[1])
	}
	if match[2] == "" {
		return value, nil
	}
	if number, ok := value.(int64); ok {
		plus, err := strconv.ParseInt(match[2], 10, 64)
		return number + plus, err
	}
	return fmt.Sprint(value, match[2]), nil
}

// name puts names in the place of saved values.
func (v *Variables) name(tree any, field string) any {
	switch node := tree.(type) {
	case fields.Object:
		out := make(fields.Object, len(node))
		for i, f := range node {
			out[i] = fields.Field{Name: f.Name, Value: v.name(f.Value, f.Name)}
		}
		return out
	case []any:
		out := make([]any, len(node))
		for i, item := range node {
			out[i] = v.name(item, field)
		}
		return out
	case nil, bool:
		return tree
	}
	if tree == "" || tree == int64(-1) {
		return tree
	}
	for _, s := range v.saved {
		if s.value == tree && (s.field == "" || s.field == field) {
			return Same("$" + s.name)
		}
	}
	return tree
}
