// SPDX-License-Identifier: Apache-2.0

package batch

import "testing"

func TestEveryCodecComesBack(t *testing.T) {
	for _, codec := range []string{"none", "gzip", "snappy", "snappy-raw", "lz4", "zstd"} {
		raw, err := Encode(map[string]any{"codec": codec, "records": []any{
			"a", map[string]any{"key": "k", "value": nil, "timestamp-delta": 7},
			map[string]any{"value": map[string]any{"$size": 300}, "headers": []any{map[string]any{"key": "h", "value": "x"}}},
		}})
		if err != nil {
			t.Fatal(codec, err)
		}
		batches := Decode(raw)
		if len(batches) != 1 || batches[0].Trouble != "" || batches[0].CRC != "good" {
			t.Fatalf("%s: %+v", codec, batches)
		}
		records := batches[0].Records
		if len(records) != 3 || *records[0].Value != "a" || records[0].Key != nil || records[1].Value != nil ||
			records[1].TimestampDelta != 7 || len(*records[2].Value) != 300 || records[2].Headers[0].Key != "h" {
			t.Errorf("%s: %+v", codec, records)
		}
	}
}

func TestDamageIsSeen(t *testing.T) {
	cases := map[string]string{"crc": "", "long": "cut short", "short": "cut short"}
	for corrupt, trouble := range cases {
		raw, err := Encode(map[string]any{"records": []any{"a"}, "corrupt": corrupt})
		if err != nil {
			t.Fatal(err)
		}
		if got := Decode(raw)[0]; got.CRC == "good" || got.Trouble != trouble {
			t.Errorf("%s: %+v", corrupt, got)
		}
	}
	raw, _ := Encode(map[string]any{"records": []any{"a", "b"}, "count": 3})
	if got := Decode(raw)[0]; got.Trouble != "cut short in a record" {
		t.Errorf("count: %+v", got)
	}
	if got := Decode(raw[:40])[0]; got.Trouble != "cut short in its header" {
		t.Errorf("header: %+v", got)
	}
}

func TestUnknownNotationIsAnError(t *testing.T) {
	for _, tree := range []any{
		map[string]any{"record": []any{}}, map[string]any{"codec": "rar"}, map[string]any{"corrupt": "all"},
	} {
		if _, err := Encode(tree); err == nil {
			t.Errorf("%v was taken", tree)
		}
	}
}
