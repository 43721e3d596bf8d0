// SPDX-License-Identifier: Apache-2.0

package fields

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventd/peers/internal/batch"
)

// Field is one field of an Object.
type Field struct {
	Name  string
	Value any
}

// Object is a struct as a tree: its fields in the order of the protocol. A tree is made of Object, []any,
// string, bool, int64, float64 and nil.
type Object []Field

func (o Object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, field := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		value, err := json.Marshal(field.Value)
		if err != nil {
			return nil, err
		}
		out.WriteString(strconv.Quote(field.Name) + ":")
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// Tree reads a response. Fields of record batches are decoded.
func Tree(response kmsg.Response) Object {
	whole := tree(reflect.ValueOf(response).Elem(), "").(Object)
	return whole[1:] // Version is no field of the message.
}

// UUID writes an id as Kafka does.
func UUID(id [16]byte) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

func tree(from reflect.Value, name string) any {
	switch from.Type() {
	case tagsType:
		return tagTree(from)
	case uuidType:
		return UUID([16]byte(from.Slice(0, 16).Bytes()))
	}
	switch from.Kind() {
	case reflect.Pointer:
		if from.IsNil() {
			return nil
		}
		return tree(from.Elem(), name)
	case reflect.Struct:
		object := Object{}
		for i := range from.NumField() {
			field := from.Type().Field(i)
			if field.Tag.Get("tree") == "optional" && from.Field(i).IsZero() {
				continue
			}
			if value := tree(from.Field(i), field.Name); field.Name != "UnknownTags" || value != nil {
				object = append(object, Field{field.Name, value})
			}
		}
		return object
	case reflect.Slice:
		if from.IsNil() {
			return nil
		}
		if from.Type().Elem().Kind() == reflect.Uint8 {
			return bytesTree(from.Bytes(), name)
		}
		list := make([]any, from.Len())
		for i := range list {
			list[i] = tree(from.Index(i), name)
		}
		return list
	case reflect.String:
		return from.String()
	case reflect.Bool:
		return from.Bool()
	case reflect.Float64:
		return from.Float()
	case reflect.Uint16:
		return int64(from.Uint())
	default:
		return from.Int()
	}
}

func bytesTree(raw []byte, name string) any {
	if name == "RecordBatches" || name == "Records" {
		batches := batch.Decode(raw)
		return tree(reflect.ValueOf(&batches).Elem(), "")
	}
	if utf8.Valid(raw) && bytes.IndexFunc(raw, func(r rune) bool { return r < ' ' }) < 0 {
		return string(raw)
	}
	return Object{{"$hex", hex.EncodeToString(raw)}}
}

func tagTree(from reflect.Value) any {
	tags := from.Interface().(kmsg.Tags)
	object := Object{}
	tags.Each(func(tag uint32, value []byte) {
		object = append(object, Field{strconv.Itoa(int(tag)), hex.EncodeToString(value)})
	})
	if len(object) == 0 {
		return nil
	}
	return object
}
