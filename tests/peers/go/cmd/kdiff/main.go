// SPDX-License-Identifier: Apache-2.0

// kdiff tells two brokers the same stories and compares what they answer, field by field.
//
//	kdiff -truth HOST:PORT -subject HOST:PORT [-only GLOB] [-v] [-ignore-messages] CASES
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
	"slices"
	"strconv"
	"sync"
	"time"

	"eventd/peers/internal/fields"
	"eventd/peers/internal/wire"
)

func main() {
	truthAddr := flag.String("truth", "", "`address` of the broker that is right")
	subjectAddr := flag.String("subject", "", "`address` of the broker to judge")
	only := flag.String("only", "", "run stories whose name or folder matches the `glob`")
	verbose := flag.Bool("v", false, "print what both brokers answered in every step")
	ignoreMessages := flag.Bool("ignore-messages", false, "do not compare whether there is an error message")
	flag.Parse()
	if *truthAddr == "" || *subjectAddr == "" || flag.NArg() != 1 {
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
	for _, story := range stories {
		differences, err := run(story, truth, subject, *verbose)
		switch {
		case errors.Is(err, errSkip):
			skipped++
			fmt.Printf("skip %s: %s\n", story.Name, err.Error()[len("skip "):])
		case err != nil:
			failed++
			fmt.Printf("differs %s\n  %v\n", story.Name, err)
		case len(differences) > 0:
			failed++
			fmt.Printf("differs %s\n", story.Name)
			for _, d := range differences {
				fmt.Printf("  %s: truth %s, subject %s\n", d.Path, d.Truth, d.Subject)
			}
		default:
			passed++
			fmt.Printf("ok %s\n", story.Name)
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

// run plays a story on both brokers at the same time and compares.
func run(story Story, truth, subject Broker, verbose bool) ([]Difference, error) {
	if err := canHaveTopics(subject); len(story.Topics) > 0 && err != nil {
		return nil, err
	}
	setup, err := plan(story.Setup, truth, subject)
	if err != nil {
		return nil, err
	}
	steps, err := plan(story.Steps, truth, subject)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	token := "r" + strconv.FormatInt(now.UnixMilli(), 36)
	var outcomes [2][]Outcome
	var failures [2]error
	var both sync.WaitGroup
	for i, broker := range []Broker{truth, subject} {
		both.Go(func() {
			player := newPlayer(broker, token, now.UnixMilli(), story.Masks)
			defer player.close()
			defer broker.deleteTopics(token)
			outcomes[i], failures[i] = perform(player, story.Topics, setup, steps)
			if failures[i] != nil {
				failures[i] = fmt.Errorf("%s: %w", broker.Role, failures[i])
			}
		})
	}
	both.Wait()
	if err := errors.Join(failures[:]...); err != nil {
		return nil, err
	}
	var differences []Difference
	for i := range outcomes[0] {
		t, s := outcomes[0][i], outcomes[1][i]
		if verbose {
			fmt.Printf("--- %d %s\ntruth %s\nsubject %s\n", i+1, t.Step, indented(t.Tree), indented(s.Tree))
		}
		if text, _ := s.Tree[0].Value.(string); slices.Contains(t.Accept, text) {
			continue
		}
		for _, d := range compare(t.Masks.mask(t.Tree, nil), t.Masks.mask(s.Tree, nil), "") {
			d.Path = fmt.Sprintf("step %d %s: %s", i+1, t.Step, d.Path)
			differences = append(differences, d)
		}
	}
	return differences, nil
}

func perform(player *Player, topics map[string]Topic, setup, steps []Step) ([]Outcome, error) {
	if err := player.createTopics(topics); err != nil {
		return nil, err
	}
	if err := player.prepare(setup); err != nil {
		return nil, err
	}
	var outcomes []Outcome
	for i, step := range steps {
		outcome, err := player.play(step)
		if err != nil {
			return nil, fmt.Errorf("step %d %s: %w", i+1, label(step), err)
		}
		if outcome != nil {
			outcomes = append(outcomes, *outcome)
		}
	}
	return outcomes, nil
}

func indented(tree fields.Object) string {
	out, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(out)
}
