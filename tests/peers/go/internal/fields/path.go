// SPDX-License-Identifier: Apache-2.0

package fields

import (
	"fmt"
	"strconv"
	"strings"
)

// Get returns the value at a path such as Topics[0].Partitions[1].ErrorCode.
func Get(tree any, path string) (any, error) {
	for name := range strings.SplitSeq(path, ".") {
		name, indexes, _ := strings.Cut(name, "[")
		object, _ := tree.(Object)
		found := false
		for _, field := range object {
			if strings.EqualFold(field.Name, name) {
				tree, found = field.Value, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no %s in the response", path)
		}
		for indexes != "" {
			var index string
			index, indexes, _ = strings.Cut(indexes, "]")
			indexes = strings.TrimPrefix(indexes, "[")
			list, _ := tree.([]any)
			i, err := strconv.Atoi(index)
			if err != nil || i < 0 || i >= len(list) {
				return nil, fmt.Errorf("no %s in the response", path)
			}
			tree = list[i]
		}
	}
	return tree, nil
}

// Walk calls visit with the name and value of every field at any depth.
func Walk(tree any, visit func(name string, value any)) {
	switch node := tree.(type) {
	case Object:
		for _, field := range node {
			visit(field.Name, field.Value)
			Walk(field.Value, visit)
		}
	case []any:
		for _, item := range node {
			Walk(item, visit)
		}
	}
}
