package main

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// starts is what the service takes before it has done anything.
type starts struct {
	took   []time.Duration // until ready, of each start
	memory int64
	binary int64
}

// measureStarts starts the service on the migrated database and stops it, as often as asked for.
func (l *lab) measureStarts(ctx context.Context) (*starts, error) {
	binary, err := os.Stat(filepath.Join(l.dir, "usher"))
	if err != nil {
		return nil, err
	}
	out := &starts{binary: binary.Size()}
	for range l.starts {
		begin := time.Now()
		s, err := l.service(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.ready(ctx); err != nil {
			return nil, err
		}
		out.took = append(out.took, time.Since(begin))
		if len(out.took) == l.starts {
			time.Sleep(time.Second) // what it does after a start is done by then
			out.memory, _ = s.memory()
		}
		s.stop()
	}
	return out, nil
}

// rows are the lines of the table.
func (s *starts) rows() []row {
	const slowest, most, largest = 150 * time.Millisecond, 45_000_000, 60_000_000
	took := median(s.took, func(d time.Duration) time.Duration { return d })
	return []row{
		{"start to ready", "", short(took), "", "at most " + short(slowest), took <= slowest},
		{"memory when idle", "", megabytes(s.memory), "", "at most " + megabytes(most), s.memory <= most},
		{"binary", "", megabytes(s.binary), "", "at most " + megabytes(largest), s.binary <= largest},
	}
}
