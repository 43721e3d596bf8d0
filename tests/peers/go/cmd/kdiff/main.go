// SPDX-License-Identifier: Apache-2.0

// kdiff tells two brokers the same stories and compares what they answer, field by field.
//
//	kdiff -truth HOST:PORT -subject HOST:PORT [-only GLOB] [-jobs N] [-v] CASES
//
// CASES is a folder of .yaml files, or one of them; README.md of the peers explains their format. One line a
// story: ok, differs (with the fields that do), or skip when the subject does not advertise what the story
// needs. A last line counts. The exit status is 1 if a story failed, 2 if the run could not be done.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"eventd/peers/internal/fields"
	"eventd/peers/internal/wire"
)

func main() {
	truthAddr := flag.String("truth", "", "`address` of the broker that is right")
	subjectAddr := flag.String("subject", "", "`address` of the broker to judge")
	only := flag.String("only", "", "run stories whose name or folder matches the `glob`")
	jobs := flag.Int("jobs", 6, "tell so many stories at once")
	verbose := flag.Bool("v", false, "print what both brokers answered in every step")
	ignoreMessages := flag.Bool("ignore-messages", false, "do not compare whether there is an error message")
	flag.Parse()
	if *truthAddr == "" || *subjectAddr == "" || *jobs < 1 || flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if *ignoreMessages {
		anyAPI.Ignore = append(anyAPI.Ignore, "ErrorMessage")
	}
	truth, subject := connect("truth", *truthAddr), connect("subject", *subjectAddr)
	stories, err := readStories(flag.Arg(0), *only)
	if err != nil {
		fail(err)
	}
	passed, failed, skipped := 0, 0, 0
	compared := comparison{truth, subject, *verbose}
	for result := range compared.tellAll(stories, *jobs) {
		fmt.Print(result.answers)
		switch err := result.err; {
		case errors.Is(err, errSkip):
			skipped++
			fmt.Printf("skip %s: %s\n", result.story, err.Error()[len("skip "):])
		case err != nil:
			failed++
			fmt.Printf("differs %s\n  %v\n", result.story, err)
		case len(result.differences) > 0:
			failed++
			fmt.Printf("differs %s\n", result.story)
			for _, d := range result.differences {
				fmt.Printf("  %s: truth %s, subject %s\n", d.Path, d.Truth, d.Subject)
			}
		default:
			passed++
			fmt.Printf("ok %s\n", result.story)
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "kdiff:", err)
	os.Exit(2)
}

func connect(role, addr string) Broker {
	versions, err := wire.Advertised(addr)
	if err != nil {
		fail(fmt.Errorf("%s %s: %w", role, addr, err))
	}
	broker := Broker{role, addr, versions}
	broker.wakeCoordinators()
	return broker
}

func indented(tree fields.Object) string {
	out, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(out)
}
