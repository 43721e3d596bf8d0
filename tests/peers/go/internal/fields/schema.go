// SPDX-License-Identifier: Apache-2.0

package fields

import (
	"reflect"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Schema lists the fields of a request on one indented page.
func Schema(req kmsg.Request) string {
	var out strings.Builder
	schema(&out, reflect.TypeOf(req).Elem(), 0)
	return strings.TrimSuffix(out.String(), "\n")
}

func schema(out *strings.Builder, of reflect.Type, depth int) {
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Type == tagsType || (depth == 0 && field.Name == "Version") {
			continue
		}
		inner, prefix := field.Type, ""
		for inner != uuidType && (inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer) {
			prefix += map[reflect.Kind]string{reflect.Slice: "[]", reflect.Pointer: "nullable "}[inner.Kind()]
			inner = inner.Elem()
		}
		name := inner.Kind().String()
		switch {
		case inner == uuidType:
			name = "uuid"
		case prefix == "[]" && inner.Kind() == reflect.Uint8:
			prefix, name = "", "bytes"
		case inner.Kind() == reflect.Struct:
			name = "object"
		}
		out.WriteString(strings.Repeat("  ", depth) + field.Name + "  " + prefix + name + "\n")
		if inner.Kind() == reflect.Struct {
			schema(out, inner, depth+1)
		}
	}
}
