// SPDX-License-Identifier: Apache-2.0

// Package batch writes and reads Kafka's record batches (message format 2) in a notation for people.
//
//	records: [a, b]                    values; or {key, value, headers: [{key, value}], timestamp-delta, offset-delta}
//	codec: none                        gzip, snappy (framed as Java does), snappy-raw, lz4, zstd
//	timestamp                          of the batch, by default when the program started; records are at this
//	                                   plus their timestamp-delta
//	producer-id, producer-epoch, sequence: -1
//	transactional, control, log-append-time: false
//	base-offset: 0   leader-epoch: -1   magic: 2
//
// Everything that follows from the records can be set to something else: last-offset-delta, max-timestamp,
// count, attributes, claim-codec (the codec that the header names while the payload is as codec says).
// corrupt: crc (wrong checksum), long (the length claims a byte too many), short (the last byte is missing).
// For a key or value null is null, {"$size": N} is N bytes of "x".
package batch

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// notation is a batch as a case file has it; nil is "as it follows from the records".
type notation struct {
	Records         []record `json:"records"`
	Codec           string   `json:"codec"`
	ClaimCodec      string   `json:"claim-codec"`
	BaseOffset      int64    `json:"base-offset"`
	LeaderEpoch     int32    `json:"leader-epoch"`
	Magic           int8     `json:"magic"`
	Attributes      *int16   `json:"attributes"`
	LastOffsetDelta *int32   `json:"last-offset-delta"`
	Timestamp       int64    `json:"timestamp"`
	MaxTimestamp    *int64   `json:"max-timestamp"`
	ProducerID      int64    `json:"producer-id"`
	ProducerEpoch   int16    `json:"producer-epoch"`
	Sequence        int32    `json:"sequence"`
	Count           *int32   `json:"count"`
	Transactional   bool     `json:"transactional"`
	Control         bool     `json:"control"`
	LogAppendTime   bool     `json:"log-append-time"`
	Corrupt         string   `json:"corrupt"`
}

type record struct {
	Key            blob     `json:"key"`
	Value          blob     `json:"value"`
	Headers        []header `json:"headers"`
	TimestampDelta int64    `json:"timestamp-delta"`
	OffsetDelta    *int64   `json:"offset-delta"`
}

type header struct {
	Key   blob `json:"key"`
	Value blob `json:"value"`
}

// blob is a key or value; nil is Kafka's null.
type blob []byte

func (b *blob) UnmarshalJSON(from []byte) error {
	var sized struct {
		Size int `json:"$size"`
	}
	if json.Unmarshal(from, &sized) == nil && from[0] == '{' {
		*b = bytes.Repeat([]byte("x"), sized.Size)
		return nil
	}
	var text *string
	err := json.Unmarshal(from, &text)
	if text != nil {
		*b = blob(*text)
	}
	return err
}

func (r *record) UnmarshalJSON(from []byte) error {
	if from[0] == '"' {
		return r.Value.UnmarshalJSON(from)
	}
	type plain record
	return strict(from, (*plain)(r))
}

func strict(from []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(from))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}

// Bits of the attributes of a batch.
const (
	codecMask        = 0x07
	logAppendTimeBit = 0x08
	transactionalBit = 0x10
	controlBit       = 0x20
)

var codecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// Offsets in the header of a batch, and its size.
const (
	lengthAt   = 8
	magicAt    = 16
	crcAt      = 17
	crcFrom    = 21
	headerSize = 61
)

var started = time.Now().UnixMilli()

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// EncodeAll writes a list of batches one after the other.
func EncodeAll(tree any) ([]byte, error) {
	list, ok := tree.([]any)
	if !ok {
		return nil, fmt.Errorf("$batches wants a list")
	}
	out := []byte{}
	for _, item := range list {
		one, err := Encode(item)
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// Encode writes one batch from its notation.
func Encode(tree any) ([]byte, error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	n := notation{
		Codec: "none", Magic: 2, Timestamp: started,
		LeaderEpoch: -1, ProducerID: -1, ProducerEpoch: -1, Sequence: -1,
	}
	if err := strict(text, &n); err != nil {
		return nil, fmt.Errorf("$batch: %w", err)
	}
	payload, err := compress(n.Codec, n.encodeRecords())
	if err != nil {
		return nil, err
	}
	attributes, err := n.attributes()
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint64(nil, uint64(n.BaseOffset))
	out = binary.BigEndian.AppendUint32(out, uint32(headerSize-lengthAt-4+len(payload)))
	out = binary.BigEndian.AppendUint32(out, uint32(n.LeaderEpoch))
	out = append(out, byte(n.Magic), 0, 0, 0, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(attributes))
	out = binary.BigEndian.AppendUint32(out, uint32(or(n.LastOffsetDelta, int32(len(n.Records)-1))))
	out = binary.BigEndian.AppendUint64(out, uint64(n.Timestamp))
	out = binary.BigEndian.AppendUint64(out, uint64(or(n.MaxTimestamp, n.maxTimestamp())))
	out = binary.BigEndian.AppendUint64(out, uint64(n.ProducerID))
	out = binary.BigEndian.AppendUint16(out, uint16(n.ProducerEpoch))
	out = binary.BigEndian.AppendUint32(out, uint32(n.Sequence))
	out = binary.BigEndian.AppendUint32(out, uint32(or(n.Count, int32(len(n.Records)))))
	out = append(out, payload...)
	binary.BigEndian.PutUint32(out[crcAt:], crc32.Checksum(out[crcFrom:], castagnoli))
	return n.corrupt(out)
}

func or[T any](given *T, otherwise T) T {
	if given != nil {
		return *given
	}
	return otherwise
}

func (n notation) attributes() (int16, error) {
	if n.Attributes != nil {
		return *n.Attributes, nil
	}
	name := n.Codec
	if n.ClaimCodec != "" {
		name = n.ClaimCodec
	}
	if name == "snappy-raw" {
		name = "snappy"
	}
	attributes := int16(-1)
	for i, codec := range codecs {
		if codec == name {
			attributes = int16(i)
		}
	}
	if attributes < 0 {
		return 0, fmt.Errorf("$batch: no codec %q", name)
	}
	for bit, set := range map[int16]bool{
		logAppendTimeBit: n.LogAppendTime, transactionalBit: n.Transactional, controlBit: n.Control,
	} {
		if set {
			attributes |= bit
		}
	}
	return attributes, nil
}

func (n notation) maxTimestamp() int64 {
	largest := n.Timestamp
	for _, r := range n.Records {
		largest = max(largest, n.Timestamp+r.TimestampDelta)
	}
	return largest
}

func (n notation) encodeRecords() []byte {
	var out []byte
	for i, r := range n.Records {
		body := []byte{0} // Attributes, of which Kafka knows none.
		body = binary.AppendVarint(body, r.TimestampDelta)
		body = binary.AppendVarint(body, or(r.OffsetDelta, int64(i)))
		body = appendBlob(body, r.Key)
		body = appendBlob(body, r.Value)
		body = binary.AppendVarint(body, int64(len(r.Headers)))
		for _, h := range r.Headers {
			body = appendBlob(body, h.Key)
			body = appendBlob(body, h.Value)
		}
		out = binary.AppendVarint(out, int64(len(body)))
		out = append(out, body...)
	}
	return out
}

func appendBlob(out []byte, b blob) []byte {
	if b == nil {
		return binary.AppendVarint(out, -1)
	}
	return append(binary.AppendVarint(out, int64(len(b))), b...)
}

func (n notation) corrupt(out []byte) ([]byte, error) {
	switch n.Corrupt {
	case "":
	case "crc":
		out[crcAt] ^= 0xff
	case "long":
		binary.BigEndian.PutUint32(out[lengthAt:], uint32(len(out)-lengthAt-4+1))
	case "short":
		out = out[:len(out)-1]
	default:
		return nil, fmt.Errorf("$batch: cannot corrupt %q", n.Corrupt)
	}
	return out, nil
}

// The framing that Java's snappy stream puts around blocks: magic, two versions, then (size, block) pairs.
var snappyMagic = []byte("\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01")

func compress(codec string, plain []byte) ([]byte, error) {
	var out bytes.Buffer
	switch codec {
	case "none":
		return plain, nil
	case "gzip":
		writer := gzip.NewWriter(&out)
		writer.Write(plain)
		return finish(&out, writer.Close())
	case "snappy":
		block := snappy.Encode(nil, plain)
		out.Write(snappyMagic)
		out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(block))))
		out.Write(block)
		return out.Bytes(), nil
	case "snappy-raw":
		return snappy.Encode(nil, plain), nil
	case "lz4":
		writer := lz4.NewWriter(&out)
		writer.Write(plain)
		return finish(&out, writer.Close())
	case "zstd":
		writer, err := zstd.NewWriter(&out)
		if err != nil {
			return nil, err
		}
		writer.Write(plain)
		return finish(&out, writer.Close())
	}
	return nil, fmt.Errorf("$batch: no codec %q", codec)
}

func finish(out *bytes.Buffer, err error) ([]byte, error) { return out.Bytes(), err }
