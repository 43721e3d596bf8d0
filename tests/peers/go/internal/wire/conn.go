// SPDX-License-Identifier: Apache-2.0

// Package wire is Kafka's framing over plain TCP: one connection to one broker address, no retries,
// no negotiation. It sends exactly the bytes it is told to and reports exactly what came back.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

var (
	ErrClosed = errors.New("closed") // The broker closed the connection instead of answering.
	ErrSilent = errors.New("silent") // The broker neither answered nor closed within the time given.
)

const frameBytesMax = 256 << 20 // A broker that claims a larger response is broken.

// Header is what precedes the body of a request.
type Header struct {
	Correlation int32
	ClientID    *string
	Tags        kmsg.Tags // Sent only in flexible versions.
}

// Conn is one TCP connection. Not for concurrent use.
type Conn struct {
	tcp         net.Conn
	correlation int32
}

func Dial(addr string) (*Conn, error) {
	tcp, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &Conn{tcp: tcp}, nil
}

func (c *Conn) Close() { c.tcp.Close() }

// NextCorrelation returns 1, 2, 3, ...
func (c *Conn) NextCorrelation() int32 {
	c.correlation++
	return c.correlation
}

// Write sends bytes as they are.
func (c *Conn) Write(bytes []byte) error {
	_, err := c.tcp.Write(bytes)
	return err
}

// ReadFrame returns the payload of the next frame, or ErrClosed or ErrSilent.
func (c *Conn) ReadFrame(wait time.Duration) ([]byte, error) {
	if err := c.tcp.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(c.tcp, size[:]); err != nil {
		return nil, readError(err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > frameBytesMax {
		return nil, fmt.Errorf("response claims %d bytes", n)
	}
	frame := make([]byte, n)
	if _, err := io.ReadFull(c.tcp, frame); err != nil {
		return nil, readError(err)
	}
	return frame, nil
}

func readError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrSilent
	}
	return ErrClosed // End of file and reset alike: the broker hung up.
}

// Frame puts the length before a payload.
func Frame(payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...)
}

// Encode returns header and body of a request at the version set in it, without the length.
func Encode(req kmsg.Request, header Header) []byte {
	out := binary.BigEndian.AppendUint16(nil, uint16(req.Key()))
	out = binary.BigEndian.AppendUint16(out, uint16(req.GetVersion()))
	out = binary.BigEndian.AppendUint32(out, uint32(header.Correlation))
	if header.ClientID == nil {
		out = append(out, 0xff, 0xff)
	} else {
		out = binary.BigEndian.AppendUint16(out, uint16(len(*header.ClientID)))
		out = append(out, *header.ClientID...)
	}
	if req.IsFlexible() {
		out = binary.AppendUvarint(out, uint64(header.Tags.Len()))
		out = header.Tags.AppendEach(out)
	}
	return req.AppendTo(out)
}

// Answer is a decoded response.
type Answer struct {
	Correlation int32
	Response    kmsg.Response
	Exact       bool // Encoding Response again gives the very bytes received.
}

const (
	apiVersions        = 18
	unsupportedVersion = 35
)

// Decode reads the response frame of a request. An ApiVersions answer has header v0 at every version,
// and body v0 when the broker does not know the version asked.
func Decode(req kmsg.Request, frame []byte) (Answer, error) {
	if len(frame) < 4 {
		return Answer{}, fmt.Errorf("response of %d bytes has no correlation id", len(frame))
	}
	answer := Answer{Correlation: int32(binary.BigEndian.Uint32(frame)), Response: req.ResponseKind()}
	body := frame[4:]
	version := req.GetVersion()
	if req.Key() == apiVersions {
		if len(body) >= 2 && binary.BigEndian.Uint16(body) == unsupportedVersion {
			version = 0
		}
	} else if req.IsFlexible() {
		rest, err := skipTags(body)
		if err != nil {
			return answer, err
		}
		body = rest
	}
	answer.Response.SetVersion(version)
	if err := answer.Response.ReadFrom(body); err != nil {
		return answer, fmt.Errorf("response v%d of %d bytes cannot be decoded: %w", version, len(frame), err)
	}
	answer.Exact = string(answer.Response.AppendTo(nil)) == string(body)
	return answer, nil
}

func skipTags(body []byte) ([]byte, error) {
	next := func() uint64 {
		value, n := binary.Uvarint(body)
		body = body[max(n, 0):]
		return value
	}
	for count := next(); count > 0; count-- {
		next()
		size := next()
		if size > uint64(len(body)) {
			return nil, errors.New("response header has broken tagged fields")
		}
		body = body[size:]
	}
	return body, nil
}
