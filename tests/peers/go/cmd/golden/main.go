// SPDX-License-Identifier: Apache-2.0

// Writes messages with franz-go's kmsg, for tests/unit/wire/kmsg_test.cc. tests/golden/generate/all
// runs it.
//
//	golden KIND     KIND: requests or responses
//
// A message is three lines:
//
//	NAME VERSION FILLING
//	values [..]    its fields in the order of kmsg's structures, without their names, which differ
//	               from Kafka's: structures and arrays are arrays; bytes are base64
//	bytes HEX
//
// The fillings are "default", of which there are no values, "set" and, in flexible versions, "tags":
// as "set", with one element in each array instead of two, and with tagged fields that nobody knows
// in every structure.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Issue 3, section 2.
var apis = []struct{ key, min, max int16 }{
	{0, 3, 13}, {1, 4, 17}, {2, 1, 11}, {3, 0, 13}, {10, 0, 6}, {18, 0, 4}, {19, 2, 7}, {20, 1, 6},
	{21, 0, 2}, {22, 0, 5}, {23, 2, 4}, {32, 1, 4}, {33, 0, 2}, {35, 1, 5}, {37, 0, 3}, {44, 0, 1},
	{60, 0, 2}, {61, 0, 0}, {74, 0, 1}, {75, 0, 0}, {17, 0, 1}, {36, 0, 2},
}

var tagsType = reflect.TypeFor[kmsg.Tags]()

type message interface {
	Key() int16
	SetVersion(int16)
	AppendTo([]byte) []byte
	ReadFrom([]byte) error
	IsFlexible() bool
}

// kmsg writes these tagged fields in every flexible version; Kafka has them from this one on.
var taggedSince = map[string]int16{
	"ProduceResponse.Brokers":                       10,
	"ProduceResponseTopicPartition.CurrentLeader":   10,
	"FetchRequest.ReplicaState":                     15,
	"FetchRequestTopicPartition.ReplicaDirectoryID": 17,
	"FetchRequestTopicPartition.HighWatermark":      18,
	"FetchResponse.Brokers":                         16,
}

// A filler gives each field another value; it counts them.
type filler struct {
	version     int16
	count       int64
	elements    int // Of each array.
	unknownTags bool
}

func (f *filler) fill(to reflect.Value) {
	f.count++
	n := f.count
	if n%2 == 0 {
		n = -n
	}
	switch to.Kind() {
	case reflect.Bool:
		to.SetBool(!to.Bool())
	case reflect.Int8:
		to.SetInt(n%50 - 60)
	case reflect.Int16:
		to.SetInt(n*200 + 1)
	case reflect.Int32:
		to.SetInt(n*70_000 + 1)
	case reflect.Int64:
		to.SetInt(n<<36 + 1)
	case reflect.String:
		to.SetString([]string{"grüße ✓ ", "plain ", strings.Repeat("wide ", 28)}[f.count%3] + fmt.Sprint(f.count))
	case reflect.Array: // A UUID.
		for i := range to.Len() {
			to.Index(i).SetUint(uint64(f.count*7 + int64(i)*31))
		}
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		f.fill(to.Elem())
	case reflect.Slice:
		f.fillSlice(to)
	case reflect.Struct:
		f.fillStruct(to)
	default:
		panic(to.Type().String())
	}
}

func (f *filler) fillSlice(to reflect.Value) {
	if to.Type().Elem().Kind() == reflect.Uint8 {
		to.SetBytes([]byte{byte(f.count), 0, 0xff})
		return
	}
	slice := reflect.MakeSlice(to.Type(), f.elements, f.elements)
	for i := range slice.Len() {
		setDefaults(slice.Index(i))
		f.fill(slice.Index(i))
	}
	to.Set(slice)
}

func (f *filler) fillStruct(to reflect.Value) {
	for i := range to.NumField() {
		field := to.Type().Field(i)
		if f.version < taggedSince[to.Type().Name()+"."+field.Name] {
			continue
		}
		if field.Type != tagsType {
			f.fill(to.Field(i))
		} else if f.unknownTags {
			tags := to.Field(i).Addr().Interface().(*kmsg.Tags)
			tags.Set(77, []byte{})
			tags.Set(uint32(1000+f.count), []byte{1, 2, byte(f.count)})
		}
	}
}

func setDefaults(of reflect.Value) {
	if d, ok := of.Addr().Interface().(interface{ Default() }); ok {
		d.Default()
	}
}

// values is what a decoded message holds. A field that still has its default is not in its version,
// since no field was set to its default.
func values(of reflect.Value) any {
	switch of.Kind() {
	case reflect.Pointer:
		return values(of.Elem())
	case reflect.Array:
		raw := make([]byte, of.Len())
		reflect.Copy(reflect.ValueOf(raw), of)
		return base64.RawURLEncoding.EncodeToString(raw)
	case reflect.Slice:
		if of.Type().Elem().Kind() == reflect.Uint8 {
			return of.Bytes()
		}
		list := []any{}
		for i := range of.Len() {
			list = append(list, values(of.Index(i)))
		}
		return list
	case reflect.Struct:
		fresh := reflect.New(of.Type()).Elem()
		setDefaults(fresh)
		list := []any{}
		for i := range of.NumField() {
			same := reflect.DeepEqual(of.Field(i).Interface(), fresh.Field(i).Interface())
			if of.Type().Field(i).Type != tagsType && !same {
				list = append(list, values(of.Field(i)))
			}
		}
		return list
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return of.Int() // Not a name that an enumeration has for it.
	}
	return of.Interface()
}

func create(key int16, responses bool) message {
	if responses {
		return kmsg.ResponseForKey(key)
	}
	return kmsg.RequestForKey(key)
}

func structOf(m message) reflect.Value { return reflect.ValueOf(m).Elem() }

func print(name string, key, version int16, responses bool, filling string) error {
	m := create(key, responses)
	structOf(m).Addr().Interface().(interface{ Default() }).Default()
	if filling != "default" {
		fill := filler{version: version, elements: 2}
		if filling == "tags" {
			fill = filler{version: version, elements: 1, unknownTags: true}
		}
		fill.fill(structOf(m))
	}
	m.SetVersion(version)
	if filling == "tags" && !m.IsFlexible() {
		return nil
	}
	bytes := m.AppendTo(nil)
	again := create(key, responses)
	again.SetVersion(version)
	if err := again.ReadFrom(bytes); err != nil {
		return fmt.Errorf("%s %d %s: %w", name, version, filling, err)
	}
	// Kafka writes InitProducerId and SaslHandshake.
	fmt.Println(strings.NewReplacer("ID", "Id", "SASL", "Sasl").Replace(name), version, filling)
	if filling != "default" {
		again.SetVersion(0) // So that it counts as absent, like all that has its default.
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetEscapeHTML(false)
		fmt.Print("values ")
		if err := encoder.Encode(values(structOf(again))); err != nil {
			return err
		}
	}
	fmt.Println("bytes", hex.EncodeToString(bytes))
	return nil
}

func main() {
	if len(os.Args) != 2 || os.Args[1] != "requests" && os.Args[1] != "responses" {
		fmt.Fprintln(os.Stderr, "usage: golden requests|responses")
		os.Exit(2)
	}
	responses := os.Args[1] == "responses"
	for _, api := range apis {
		suffix := map[bool]string{false: "Request", true: "Response"}[responses]
		for version := api.min; version <= api.max; version++ {
			for _, filling := range []string{"default", "set", "tags"} {
				if err := print(kmsg.NameForKey(api.key)+suffix, api.key, version, responses, filling); err != nil {
					fmt.Fprintln(os.Stderr, "golden:", err)
					os.Exit(1)
				}
			}
		}
	}
}
