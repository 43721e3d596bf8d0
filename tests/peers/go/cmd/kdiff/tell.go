// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"
)

// comparison is what the stories of one run share.
type comparison struct {
	truth, subject Broker
	verbose        bool
}

// verdict is what a story came to.
type verdict struct {
	story       string
	number      int
	answers     string // Of both brokers, with -v.
	differences []Difference
	err         error
}

// tellAll tells the stories, up to jobs of them at once, and gives the verdicts in the order of the stories. Those
// that change what all others see are told first and alone.
func (c comparison) tellAll(stories []Story, jobs int) iter.Seq[verdict] {
	verdicts := make([]chan verdict, len(stories))
	for i := range verdicts {
		verdicts[i] = make(chan verdict, 1)
	}
	go func() {
		for i, story := range stories {
			if story.Alone {
				verdicts[i] <- c.tell(i, story)
			}
		}
		free := make(chan struct{}, jobs)
		for i, story := range stories {
			if !story.Alone {
				free <- struct{}{}
				go func() {
					verdicts[i] <- c.tell(i, story)
					<-free
				}()
			}
		}
	}()
	return func(yield func(verdict) bool) {
		for _, one := range verdicts {
			if !yield(<-one) {
				return
			}
		}
	}
}

func (c comparison) tell(number int, story Story) verdict {
	told := verdict{story: story.Name, number: number}
	told.differences, told.err = c.run(story, &told)
	return told
}

// run plays a story on both brokers at the same time and compares.
func (c comparison) run(story Story, verdict *verdict) ([]Difference, error) {
	truth, subject := c.truth, c.subject
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
	// With an end, so that no other story's is part of it.
	token := fmt.Sprintf("r%s.%d.", strconv.FormatInt(now.UnixMilli(), 36), verdict.number)
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
		if c.verbose {
			verdict.answers += fmt.Sprintf("--- %d %s\ntruth %s\nsubject %s\n", i+1, t.Step, indented(t.Tree), indented(s.Tree))
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
