// SPDX-License-Identifier: Apache-2.0

// Package fields turns trees of plain values (what JSON or YAML gives) into kmsg structs and back.
//
// Structs are objects by kmsg's field names, of which any may be missing: it keeps kmsg's default. Bytes
// are text, {"$hex": "00ff"}, or a notation of package batch or of the consumer protocol. A UUID is its 22
// characters as Kafka prints it. UnknownTags is {"TAG": "hex"}.
package fields

import (
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventd/peers/internal/batch"
)

var (
	tagsType = reflect.TypeFor[kmsg.Tags]()
	uuidType = reflect.TypeFor[[16]byte]()
)

// Fill sets the fields of the struct that target points to.
func Fill(target, tree any) error {
	if tree == nil {
		return nil
	}
	return fill(reflect.ValueOf(target).Elem(), tree, "")
}

func fill(to reflect.Value, from any, path string) error {
	wrong := func() error { return fmt.Errorf("%s: %v is not a %s", path, from, to.Type()) }
	if text, ok := from.(string); ok && to.CanAddr() {
		if named, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
			return named.UnmarshalText([]byte(text))
		}
	}
	switch {
	case to.Type() == tagsType:
		return fillTags(to.Addr().Interface().(*kmsg.Tags), from, path)
	case to.Type() == uuidType:
		text, _ := from.(string)
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(raw) != 16 {
			return wrong()
		}
		reflect.Copy(to, reflect.ValueOf(raw))
		return nil
	}
	switch to.Kind() {
	case reflect.Pointer:
		if from == nil {
			to.SetZero()
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		setDefaults(to)
		return fill(to.Elem(), from, path)
	case reflect.Struct:
		object, ok := from.(map[string]any)
		if !ok {
			return wrong()
		}
		return fillStruct(to, object, path)
	case reflect.Slice:
		if to.Type().Elem().Kind() == reflect.Uint8 {
			raw, err := Bytes(from)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			to.SetBytes(raw)
			return nil
		}
		return fillSlice(to, from, path)
	case reflect.String:
		text, ok := from.(string)
		if number, isNumber := integer(from); isNumber {
			text, ok = strconv.FormatInt(number, 10), true // Such as a node id that names a resource.
		}
		if !ok {
			return wrong()
		}
		to.SetString(text)
	case reflect.Bool:
		flag, ok := from.(bool)
		if !ok {
			return wrong()
		}
		to.SetBool(flag)
	case reflect.Float64:
		number, ok := from.(float64)
		if whole, isWhole := integer(from); isWhole {
			number, ok = float64(whole), true
		}
		if !ok {
			return wrong()
		}
		to.SetFloat(number)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number, ok := integer(from)
		if !ok || to.OverflowInt(number) {
			return wrong()
		}
		to.SetInt(number)
	case reflect.Uint16:
		number, ok := integer(from)
		if !ok || number < 0 || to.OverflowUint(uint64(number)) {
			return wrong()
		}
		to.SetUint(uint64(number))
	default:
		return wrong()
	}
	return nil
}

func fillStruct(to reflect.Value, object map[string]any, path string) error {
	for name, value := range object {
		field := to.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
		if !field.IsValid() {
			return fmt.Errorf("%s: %s has no field %s", path, to.Type().Name(), name)
		}
		if err := fill(field, value, path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func fillSlice(to reflect.Value, from any, path string) error {
	if from == nil {
		to.SetZero()
		return nil
	}
	list, ok := from.([]any)
	if !ok {
		return fmt.Errorf("%s: %v is not a list", path, from)
	}
	slice := reflect.MakeSlice(to.Type(), len(list), len(list))
	for i, item := range list {
		setDefaults(slice.Index(i).Addr())
		if err := fill(slice.Index(i), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	to.Set(slice)
	return nil
}

func fillTags(tags *kmsg.Tags, from any, path string) error {
	object, ok := from.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: tags are {\"TAG\": \"hex\"}", path)
	}
	for name, value := range object {
		tag, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return fmt.Errorf("%s: tag %q is not a number", path, name)
		}
		raw, err := hex.DecodeString(fmt.Sprint(value))
		if err != nil {
			return fmt.Errorf("%s: tag %s: %w", path, name, err)
		}
		tags.Set(uint32(tag), raw)
	}
	return nil
}

func setDefaults(pointer reflect.Value) {
	if d, ok := pointer.Interface().(interface{ Default() }); ok {
		d.Default()
	}
}

func integer(from any) (int64, bool) {
	switch number := from.(type) {
	case int:
		return int64(number), true
	case int64:
		return number, true
	}
	return 0, false
}

// Bytes reads one of the notations for bytes.
func Bytes(from any) ([]byte, error) {
	switch value := from.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(value), nil
	case map[string]any:
		for notation, content := range value {
			switch notation {
			case "$hex":
				return hex.DecodeString(strings.ReplaceAll(fmt.Sprint(content), " ", ""))
			case "$batch":
				return batch.Encode(content)
			case "$batches":
				return batch.EncodeAll(content)
			case "$subscription":
				metadata := kmsg.NewConsumerMemberMetadata()
				err := Fill(&metadata, content)
				return metadata.AppendTo(nil), err
			case "$assignment":
				assignment := kmsg.NewConsumerMemberAssignment()
				err := Fill(&assignment, content)
				return assignment.AppendTo(nil), err
			}
			return nil, fmt.Errorf("no notation %s", notation)
		}
	}
	return nil, fmt.Errorf("%v is not bytes", from)
}
