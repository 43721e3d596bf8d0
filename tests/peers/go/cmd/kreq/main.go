// SPDX-License-Identifier: Apache-2.0

// kreq sends one Kafka request and prints the response.
//
//	kreq -b HOST:PORT API VERSION [< body.json]    the response as indented JSON
//	kreq -b HOST:PORT -list                        the APIs and versions that the broker advertises
//	kreq -b HOST:PORT -raw HEX                     send a frame (its length is put before it), dump what comes back
//	kreq API                                       the fields of an API's request, as kmsg names them
//
// API is a name or a key. The body has kmsg's field names, any of which may be missing, in JSON or YAML, with
// the notations of the case files ($batch, $hex, ...). It goes to that address, at that version, over one
// connection: no negotiation and no retries. Exit status: 0 answered, 1 not, 2 wrong usage.
package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"go.yaml.in/yaml/v3"

	"eventd/peers/internal/fields"
	"eventd/peers/internal/wire"
)

func main() {
	broker := flag.String("b", "127.0.0.1:9092", "`address` of the broker")
	list := flag.Bool("list", false, "print the advertised API versions")
	raw := flag.String("raw", "", "send this frame, given in `hex`")
	wait := flag.Duration("wait", 10*time.Second, "how long an answer may take")
	client := flag.String("client", "kreq", "client `id`")
	flag.Parse()
	var err error
	switch {
	case *list && flag.NArg() == 0:
		err = printVersions(*broker)
	case *raw != "" && flag.NArg() == 0:
		err = exchangeRaw(*broker, *raw, *wait)
	case flag.NArg() == 2:
		err = request(*broker, flag.Arg(0), flag.Arg(1), *client, *wait)
	case flag.NArg() == 1:
		err = printFields(flag.Arg(0))
	default:
		flag.Usage()
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kreq:", err)
		os.Exit(1)
	}
}

func request(broker, api, version, client string, wait time.Duration) error {
	req, err := wire.Request(api)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(version, 10, 16)
	if err != nil {
		return fmt.Errorf("version %q is not a number", version)
	}
	req.SetVersion(int16(number))
	if err := fillFrom(os.Stdin, req); err != nil {
		return err
	}
	conn, err := wire.Dial(broker)
	if err != nil {
		return err
	}
	defer conn.Close()
	header := wire.Header{Correlation: conn.NextCorrelation(), ClientID: &client}
	if err := conn.Write(wire.Frame(wire.Encode(req, header))); err != nil {
		return err
	}
	frame, err := receive(conn, wait)
	if err != nil {
		return err
	}
	answer, err := wire.Decode(req, frame)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, hex.Dump(frame))
	}
	if !answer.Exact {
		fmt.Fprintln(os.Stderr, "kreq: the response has bytes more or less than its fields need")
	}
	return printJSON(fields.Tree(answer.Response))
}

// fillFrom reads a body, unless it would have to be typed at a terminal.
func fillFrom(in *os.File, req kmsg.Request) error {
	if info, err := in.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var body any
	if err := yaml.Unmarshal(text, &body); err != nil {
		return err
	}
	return fields.Fill(req, body)
}

func receive(conn *wire.Conn, wait time.Duration) ([]byte, error) {
	frame, err := conn.ReadFrame(wait)
	if errors.Is(err, wire.ErrSilent) {
		return nil, fmt.Errorf("silent after %d ms", wait.Milliseconds())
	}
	return frame, err
}

func exchangeRaw(broker, text string, wait time.Duration) error {
	frame, err := hex.DecodeString(text)
	if err != nil {
		return err
	}
	conn, err := wire.Dial(broker)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Write(wire.Frame(frame)); err != nil {
		return err
	}
	answer, err := receive(conn, wait)
	fmt.Print(hex.Dump(answer))
	return err
}

func printVersions(broker string) error {
	ranges, err := wire.Advertised(broker)
	if err != nil {
		return err
	}
	keys := []int16{}
	for key := range ranges {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Printf("%3d %-32s %d-%d\n", key, kmsg.NameForKey(key), ranges[key].Min, ranges[key].Max)
	}
	return nil
}

func printFields(api string) error {
	req, err := wire.Request(api)
	if err != nil {
		return err
	}
	fmt.Println(fields.Schema(req))
	return nil
}

func printJSON(tree any) error {
	out, err := json.MarshalIndent(tree, "", "  ")
	if err == nil {
		fmt.Println(string(out))
	}
	return err
}
