// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Batch is a decoded record batch, for reading and comparing.
type Batch struct {
	BaseOffset      int64
	SizeBytes       int64
	LeaderEpoch     int32
	Magic           int8
	CRC             string // good or bad
	Codec           string
	LogAppendTime   bool  `tree:"optional"`
	Transactional   bool  `tree:"optional"`
	Control         bool  `tree:"optional"`
	OtherAttributes int16 `tree:"optional"`
	LastOffsetDelta int32
	BaseTimestamp   int64
	MaxTimestamp    int64
	ProducerID      int64
	ProducerEpoch   int16
	BaseSequence    int32
	Count           int32
	Records         []Record
	Trouble         string `tree:"optional"` // Why it could not be read to its end.
}

// Record is one record; a control record has Marker and CoordinatorEpoch instead of key and value.
type Record struct {
	OffsetDelta      int64
	TimestampDelta   int64
	Key              *string
	Value            *string
	Headers          []Header `tree:"optional"`
	Marker           string   `tree:"optional"`
	CoordinatorEpoch int32    `tree:"optional"`
}

type Header struct {
	Key   string
	Value *string
}

const inflatedBytesMax = 64 << 20

// Decode reads as many batches as the bytes hold. The last may be cut short, as in a Fetch response.
func Decode(raw []byte) []Batch {
	batches := []Batch{}
	for len(raw) > 0 {
		if len(raw) < headerSize {
			return append(batches, Batch{Trouble: "cut short in its header"})
		}
		size := int64(binary.BigEndian.Uint32(raw[lengthAt:])) + lengthAt + 4
		b := decodeHeader(raw, size)
		switch {
		case size < headerSize:
			b.Trouble = "length smaller than its header"
			return append(batches, b)
		case size > int64(len(raw)):
			return append(batches, Batch{Trouble: "cut short"})
		}
		b.CRC = "bad"
		if crc32.Checksum(raw[crcFrom:size], castagnoli) == binary.BigEndian.Uint32(raw[crcAt:]) {
			b.CRC = "good"
		}
		if err := b.decodeRecords(raw[headerSize:size]); err != nil {
			b.Trouble = err.Error()
		}
		batches = append(batches, b)
		raw = raw[size:]
	}
	return batches
}

func decodeHeader(raw []byte, size int64) Batch {
	attributes := int16(binary.BigEndian.Uint16(raw[crcFrom:]))
	codec := fmt.Sprintf("unknown %d", attributes&codecMask)
	if known := int(attributes & codecMask); known < len(codecs) {
		codec = codecs[known]
	}
	return Batch{
		BaseOffset:      int64(binary.BigEndian.Uint64(raw)),
		SizeBytes:       size,
		LeaderEpoch:     int32(binary.BigEndian.Uint32(raw[12:])),
		Magic:           int8(raw[magicAt]),
		Codec:           codec,
		LogAppendTime:   attributes&logAppendTimeBit != 0,
		Transactional:   attributes&transactionalBit != 0,
		Control:         attributes&controlBit != 0,
		OtherAttributes: attributes &^ (codecMask | logAppendTimeBit | transactionalBit | controlBit),
		LastOffsetDelta: int32(binary.BigEndian.Uint32(raw[23:])),
		BaseTimestamp:   int64(binary.BigEndian.Uint64(raw[27:])),
		MaxTimestamp:    int64(binary.BigEndian.Uint64(raw[35:])),
		ProducerID:      int64(binary.BigEndian.Uint64(raw[43:])),
		ProducerEpoch:   int16(binary.BigEndian.Uint16(raw[51:])),
		BaseSequence:    int32(binary.BigEndian.Uint32(raw[53:])),
		Count:           int32(binary.BigEndian.Uint32(raw[57:])),
		Records:         []Record{},
	}
}

func (b *Batch) decodeRecords(payload []byte) error {
	plain, err := inflate(b.Codec, payload)
	if err != nil {
		return err
	}
	in := reader{bytes: plain}
	for i := int32(0); i < b.Count && in.err == nil; i++ {
		size := in.varint()
		end := len(in.bytes) - int(size)
		r := in.record(b.Control)
		if in.err == nil && len(in.bytes) != end {
			in.err = errors.New("record length is wrong")
		}
		if in.err == nil {
			b.Records = append(b.Records, r)
		}
	}
	if in.err == nil && len(in.bytes) > 0 {
		return fmt.Errorf("%d bytes after the last record", len(in.bytes))
	}
	return in.err
}

// reader is sticky: after the first error it returns zeros.
type reader struct {
	bytes []byte
	err   error
}

func (r *reader) varint() int64 {
	value, n := binary.Varint(r.bytes)
	if n <= 0 {
		r.err, r.bytes = errors.New("cut short in a record"), nil
		return 0
	}
	r.bytes = r.bytes[n:]
	return value
}

func (r *reader) blob() *string {
	size := r.varint()
	if size < 0 || r.err != nil {
		return nil
	}
	if size > int64(len(r.bytes)) {
		r.err, r.bytes = errors.New("cut short in a record"), nil
		return nil
	}
	text := string(r.bytes[:size])
	r.bytes = r.bytes[size:]
	return &text
}

func (r *reader) record(control bool) Record {
	r.varint() // Attributes: one byte, always zero.
	out := Record{TimestampDelta: r.varint(), OffsetDelta: r.varint(), Key: r.blob(), Value: r.blob()}
	for count := r.varint(); count > 0 && r.err == nil; count-- {
		h := Header{Value: nil}
		if key := r.blob(); key != nil {
			h.Key = *key
		}
		h.Value = r.blob()
		out.Headers = append(out.Headers, h)
	}
	if control && out.Key != nil && len(*out.Key) == 4 && out.Value != nil && len(*out.Value) >= 6 {
		out.Marker = map[byte]string{0: "abort", 1: "commit"}[(*out.Key)[3]]
		out.CoordinatorEpoch = int32(binary.BigEndian.Uint32([]byte(*out.Value)[2:]))
		out.Key, out.Value = nil, nil
	}
	return out
}

func inflate(codec string, payload []byte) ([]byte, error) {
	if len(payload) == 0 {
		return nil, nil
	}
	var stream io.Reader
	var err error
	switch codec {
	case "none":
		return payload, nil
	case "gzip":
		stream, err = gzip.NewReader(bytes.NewReader(payload))
	case "snappy":
		return inflateSnappy(payload)
	case "lz4":
		stream = lz4.NewReader(bytes.NewReader(payload))
	case "zstd":
		var decoder *zstd.Decoder
		if decoder, err = zstd.NewReader(bytes.NewReader(payload)); err == nil {
			defer decoder.Close()
			stream = decoder
		}
	default:
		return nil, fmt.Errorf("codec %s", codec)
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(stream, inflatedBytesMax))
}

func inflateSnappy(payload []byte) ([]byte, error) {
	rest, framed := bytes.CutPrefix(payload, snappyMagic)
	if !framed {
		return snappy.Decode(nil, payload)
	}
	var out []byte
	for len(rest) >= 4 {
		size := int(binary.BigEndian.Uint32(rest))
		if size > len(rest)-4 {
			return nil, errors.New("snappy block cut short")
		}
		block, err := snappy.Decode(nil, rest[4:4+size])
		if err != nil {
			return nil, err
		}
		out, rest = append(out, block...), rest[4+size:]
	}
	return out, nil
}
