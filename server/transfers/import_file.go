package transfers

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/usherhq/usher/gen/spec"
)

// What a row has at most: more than any good one, and little enough for the rows of a portion to be in memory.
const (
	maxRow   = 1 << 20 // bytes
	maxCells = 100_000 // separators, also those inside of cells
)

// errEndless is that a row goes on for too long, for instance since a quotation mark is never closed.
var errEndless = errors.New("a row that is too long")

const endless = "This row is longer than 1 MiB, or has more than 100,000 cells. Is a quotation mark never closed?"

// byteOrderMark is what some programs begin a file in UTF-8 with.
const byteOrderMark = "\ufeff"

// source is a CSV file (RFC 4180) that is read row by row, from the beginning of any of them.
type source struct {
	csv   *csv.Reader
	lines *lines
	base  int64 // where reading began
	above int64 // lines above that
	next  int64 // the line after the last row
	size  int64
}

// from reads what follows a place in a file, where a line begins.
func from(file io.ReaderAt, size, place, line int64, separator rune) *source {
	s := &source{base: place, above: line - 1, next: line, size: size}
	if place == 0 {
		s.base = marked(file)
	}
	s.lines = &lines{r: bufio.NewReaderSize(io.NewSectionReader(file, s.base, size-s.base), 64<<10), separator: byte(separator)}
	s.csv = csv.NewReader(s.lines)
	s.csv.Comma = separator
	s.csv.FieldsPerRecord = -1 // cells are counted elsewhere
	s.csv.ReuseRecord = true
	return s
}

// marked is how long the mark is that a file begins with. What cannot be read is found out later.
func marked(file io.ReaderAt) int64 {
	mark := make([]byte, len(byteOrderMark))
	if n, _ := file.ReadAt(mark, 0); string(mark[:n]) == byteOrderMark {
		return int64(n)
	}
	return 0
}

// place is the end of the last row, in bytes.
func (s *source) place() int64 { return s.base + s.csv.InputOffset() }

// read reads a row and tells on which line it begins. A row that is not CSV is a problem, after which reading goes on.
// Errors: io.EOF, errEndless, and those of the file.
func (s *source) read() (record []string, line int64, wrong *problem, err error) {
	s.lines.left, s.lines.cells = maxRow, maxCells
	record, err = s.csv.Read()
	var invalid *csv.ParseError
	switch {
	case errors.As(err, &invalid) && !errors.Is(err, errEndless):
		s.next = s.above + int64(invalid.Line) + 1
		p := problem{line: s.above + int64(invalid.StartLine), column: len(record) + 1, flaw: flaw{spec.FieldProblemFormat, quoting}}
		return nil, p.line, &p, nil
	case errors.Is(err, io.EOF) && s.place() < s.size:
		return nil, 0, nil, fmt.Errorf("the file ends after %d bytes: %w", s.place(), io.ErrUnexpectedEOF)
	case err != nil:
		return nil, s.next, nil, err
	}
	first, _ := s.csv.FieldPos(0)
	line = s.above + int64(first)
	s.next = line + 1
	for _, cell := range record {
		s.next += int64(strings.Count(cell, "\n"))
	}
	return record, line, nil, nil
}

const quoting = `Quotation marks are not in pairs here. Put "..." around the whole cell, and write each one inside twice.`

// lines reads no farther than to the end of a line, so that a row can be measured before anything is made of it. It fails
// once there was more than is left.
type lines struct {
	r           *bufio.Reader
	separator   byte
	left, cells int
}

// Read reads.
func (l *lines) Read(p []byte) (int, error) {
	if _, err := l.r.Peek(1); err != nil {
		return 0, err
	}
	next, _ := l.r.Peek(min(len(p), l.r.Buffered())) // which is there
	if end := bytes.IndexByte(next, '\n'); end >= 0 {
		next = next[:end+1]
	}
	l.left, l.cells = l.left-len(next), l.cells-bytes.Count(next, []byte{l.separator})
	if l.left < 0 || l.cells < 0 {
		return 0, errEndless
	}
	return l.r.Discard(copy(p, next))
}
