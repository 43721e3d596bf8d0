// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// serve accepts one connection, reads a frame of any size and lets the test answer.
func serve(t *testing.T, answer func(net.Conn)) *Conn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		peer, err := listener.Accept()
		if err == nil {
			peer.Read(make([]byte, 1024))
			answer(peer)
		}
	}()
	conn, err := Dial(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestClosedAndSilentAreToldApart(t *testing.T) {
	closed := serve(t, func(peer net.Conn) { peer.Close() })
	if _, err := closed.ReadFrame(5 * time.Second); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	silent := serve(t, func(net.Conn) {})
	if _, err := silent.ReadFrame(20 * time.Millisecond); !errors.Is(err, ErrSilent) {
		t.Error(err)
	}
	answered := serve(t, func(peer net.Conn) { peer.Write(Frame([]byte("abc"))) })
	if frame, err := answered.ReadFrame(5 * time.Second); err != nil || string(frame) != "abc" {
		t.Error(frame, err)
	}
}

func TestAnUnknownApiVersionsVersionIsReadInVersion0(t *testing.T) {
	req := kmsg.NewPtrApiVersionsRequest()
	req.SetVersion(4)
	answer, err := Decode(req, []byte{0, 0, 0, 7, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4})
	if err != nil {
		t.Fatal(err)
	}
	response := answer.Response.(*kmsg.ApiVersionsResponse)
	if answer.Correlation != 7 || !answer.Exact || response.Version != 0 || response.ApiKeys[0].MaxVersion != 4 {
		t.Errorf("%+v", answer)
	}
}

func TestBytesAfterTheResponseAreNoticed(t *testing.T) {
	req := kmsg.NewPtrHeartbeatRequest()
	req.SetVersion(4)
	response := []byte{0, 0, 0, 1, 0 /* header tags */, 0, 0, 0, 0, 0, 0, 0 /* body tags */}
	if answer, err := Decode(req, response); err != nil || !answer.Exact {
		t.Errorf("%+v %v", answer, err)
	}
	if answer, err := Decode(req, append(response, 9)); err != nil || answer.Exact {
		t.Errorf("%+v %v", answer, err)
	}
	if _, err := Decode(req, response[:6]); err == nil {
		t.Error("a response cut short was taken")
	}
}
