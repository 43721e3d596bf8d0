// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Request returns an empty request for an API given by name (in any case) or by key.
func Request(api string) (kmsg.Request, error) {
	if key, err := strconv.ParseInt(api, 10, 16); err == nil {
		if req := kmsg.RequestForKey(int16(key)); req != nil {
			return req, nil
		}
	}
	for key := int16(0); key <= kmsg.MaxKey; key++ {
		if strings.EqualFold(kmsg.NameForKey(key), api) {
			return kmsg.RequestForKey(key), nil
		}
	}
	return nil, fmt.Errorf("no API is called %q", api)
}

// Range is the versions of one API that a broker advertises.
type Range struct{ Min, Max int16 }

func (r Range) Has(version int16) bool { return r.Min <= version && version <= r.Max }

// Advertised asks a broker for its API versions, by v3 or, from an old broker, v0.
func Advertised(addr string) (map[int16]Range, error) {
	conn, err := Dial(addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var failure error
	for _, version := range []int16{3, 0} {
		req := kmsg.NewPtrApiVersionsRequest()
		req.ClientSoftwareName, req.ClientSoftwareVersion = "eventd-peers", "1"
		req.SetVersion(version)
		if err := conn.Write(Frame(Encode(req, Header{Correlation: conn.NextCorrelation()}))); err != nil {
			return nil, err
		}
		frame, err := conn.ReadFrame(10 * time.Second)
		if err != nil {
			return nil, fmt.Errorf("ApiVersions v%d: %w", version, err)
		}
		answer, err := Decode(req, frame)
		if err != nil {
			return nil, err
		}
		response := answer.Response.(*kmsg.ApiVersionsResponse)
		if response.ErrorCode == 0 {
			ranges := map[int16]Range{}
			for _, api := range response.ApiKeys {
				ranges[api.ApiKey] = Range{api.MinVersion, api.MaxVersion}
			}
			return ranges, nil
		}
		failure = errors.Join(failure, fmt.Errorf("ApiVersions v%d: error %d", version, response.ErrorCode))
	}
	return nil, failure
}
