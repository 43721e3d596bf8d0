// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Story is one case file. README.md of the peers explains the format.
type Story struct {
	Name   string           `yaml:"-"`
	About  string           `yaml:"about"`
	Topics map[string]Topic `yaml:"topics"`
	Setup  []Step           `yaml:"setup"`
	Steps  []Step           `yaml:"steps"`
	Alone  bool             `yaml:"alone"` // No other story is told meanwhile.
	Masks  `yaml:",inline"`
}

// Topic is created before the story. In the file: a number of partitions, or a map.
type Topic struct {
	Partitions int32             `yaml:"partitions"`
	Configs    map[string]string `yaml:"configs"`
}

func (t *Topic) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&t.Partitions)
	}
	type plain Topic
	return node.Decode((*plain)(t))
}

// Step is one request and what to do with its answer, or an act between requests.
type Step struct {
	API      string `yaml:"api"`
	Version  *int16 `yaml:"version"`
	Versions string `yaml:"versions"` // "all", or "3-9": one request for each.
	Body     any    `yaml:"body"`
	Force    bool   `yaml:"force"` // Send although the version is not advertised.

	Append *Append `yaml:"append"`
	Frame  string  `yaml:"frame"` // A payload in hex; the length is put before it.
	Bytes  string  `yaml:"bytes"` // Bytes in hex, sent as they are.
	Pause  string  `yaml:"pause"`

	On          string            `yaml:"on"` // The connection by name.
	Client      *string           `yaml:"client"`
	NoClient    bool              `yaml:"no-client"`
	HeaderTags  map[string]string `yaml:"header-tags"`
	Correlation *int32            `yaml:"correlation"`
	Damage      Damage            `yaml:"damage"`

	Start string         `yaml:"start"` // Send and go on; Await reads the answer.
	Await string         `yaml:"await"`
	Wait  string         `yaml:"wait"`
	Retry []int64        `yaml:"retry"`
	Until map[string]any `yaml:"until"`

	Save   map[string]string `yaml:"save"`
	Accept []string          `yaml:"accept"` // Outcomes that are as good as the truth's.
	Masks  `yaml:",inline"`
}

// Append is short for a Produce of one batch with acks=-1.
type Append struct {
	Topic     string `yaml:"topic"`
	Partition int    `yaml:"partition"`
	Batch     any    `yaml:"batch"`
	Txn       string `yaml:"transactional-id"`
}

// Damage is done to an encoded request.
type Damage struct {
	Patch map[int]string `yaml:"patch"` // Overwrite at offsets of the payload.
	Cut   int            `yaml:"cut"`   // Drop so many bytes at the end.
	Add   string         `yaml:"add"`   // Put these bytes at the end.
	Claim *int32         `yaml:"claim"` // Write this as the length.
}

const appendVersion = 9

func (s *Step) expand() {
	if s.Append == nil {
		return
	}
	version := int16(appendVersion)
	s.API, s.Version = "Produce", &version
	body := map[string]any{"Acks": -1, "TimeoutMillis": 5000, "Topics": []any{map[string]any{
		"Topic": s.Append.Topic, "Partitions": []any{map[string]any{
			"Partition": s.Append.Partition, "Records": map[string]any{"$batch": s.Append.Batch},
		}},
	}}}
	if s.Append.Txn != "" {
		body["TransactionID"] = s.Append.Txn
	}
	s.Body = body
}

// answerWait is how long an answer may take before the broker counts as silent.
func (s *Step) answerWait() time.Duration {
	if wait, err := time.ParseDuration(s.Wait); err == nil {
		return wait
	}
	return 10 * time.Second
}

func (s *Step) check() error {
	for _, text := range []string{s.Wait, s.Pause} {
		if _, err := time.ParseDuration(text); text != "" && err != nil {
			return err
		}
	}
	acts := 0
	for _, present := range []bool{s.API != "", s.Frame != "", s.Bytes != "", s.Pause != "", s.Await != ""} {
		if present {
			acts++
		}
	}
	if acts != 1 {
		return fmt.Errorf("a step is one of api, append, frame, bytes, pause, await")
	}
	if s.API != "" && (s.Version == nil) == (s.Versions == "") {
		return fmt.Errorf("%s wants either version or versions", s.API)
	}
	return nil
}

// readStories returns the stories of a folder or of one file, by name, that match the pattern.
func readStories(root, only string) ([]Story, error) {
	var stories []Story
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if path == root {
			name = filepath.Base(path)
		}
		name = strings.TrimSuffix(filepath.ToSlash(name), ".yaml")
		if !matches(only, name) {
			return nil
		}
		story, err := readStory(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		story.Name = name
		stories = append(stories, story)
		return nil
	})
	sort.Slice(stories, func(i, j int) bool { return stories[i].Name < stories[j].Name })
	return stories, err
}

// matches takes a glob over the whole name, over its folder or over its last part.
func matches(glob, name string) bool {
	for _, part := range []string{name, filepath.Dir(name), filepath.Base(name)} {
		if ok, _ := filepath.Match(glob, part); ok || glob == "" {
			return true
		}
	}
	return false
}

func readStory(path string) (Story, error) {
	var story Story
	text, err := os.ReadFile(path)
	if err != nil {
		return story, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&story); err != nil {
		return story, err
	}
	for _, steps := range [][]Step{story.Setup, story.Steps} {
		for i := range steps {
			steps[i].expand()
			if err := steps[i].check(); err != nil {
				return story, fmt.Errorf("step %d: %w", i+1, err)
			}
		}
	}
	if len(story.Steps) == 0 {
		return story, fmt.Errorf("no steps")
	}
	return story, nil
}
