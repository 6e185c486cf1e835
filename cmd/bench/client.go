package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"time"
)

// conn is one keep-alive connection. It knows just enough HTTP/1.1 to load a server without taking the cores away from
// it: net/http would need more of them than the floor.
type conn struct {
	tcp  net.Conn
	in   *bufio.Reader
	body []byte // of the last answer
}

func dial(ctx context.Context, address string) (*conn, error) {
	tcp, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &conn{tcp: tcp, in: bufio.NewReaderSize(tcp, 64<<10)}, nil
}

func (c *conn) close() { _ = c.tcp.Close() } // nothing is in flight

type conns []*conn

// dialAll opens connections and uses each once: servers are quick to hang up on those that never said anything.
func dialAll(ctx context.Context, s *server, n int) (conns, error) {
	var all conns
	for range n {
		c, err := dial(ctx, s.address)
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, c)
		if _, err := c.send(get("/readyz", "")); err != nil {
			all.close()
			return nil, err
		}
	}
	return all, nil
}

func (all conns) close() {
	for _, c := range all {
		c.close()
	}
}

// send sends a request and returns the body of the answer, good until the next one. Any status but 200 is an error.
func (c *conn) send(request []byte) ([]byte, error) { return c.expect("200", request) }

// expect is send for requests that are answered with another status.
func (c *conn) expect(want string, request []byte) ([]byte, error) {
	if _, err := c.tcp.Write(request); err != nil {
		return nil, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("%q was not answered: %w", head(request), err)
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) || len(line) < 12 {
		return nil, fmt.Errorf("%q was answered with %q", head(request), line)
	}
	status := string(line[9:12])
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("the answer to %q is broken: %w", head(request), err)
	}
	if status != want {
		return nil, fmt.Errorf("%q was answered with %s:\n%s", head(request), status, c.body)
	}
	return c.body, nil
}

// read reads the header, of which only the framing matters, and then the body.
func (c *conn) read() error {
	length, chunked := 0, false
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		name, value, found := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		switch {
		case len(name) == 0 && !found:
			c.body = c.body[:0]
			if chunked {
				return c.readChunks()
			}
			return c.readBody(length)
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

// readBody appends the next n bytes to the body.
func (c *conn) readBody(n int) error {
	from := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.body[from:])
	return err
}

func (c *conn) readChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 31)
		if err != nil {
			return err
		}
		if err := c.readBody(int(n)); err != nil {
			return err
		}
		if end, err := c.in.ReadSlice('\n'); err != nil || len(end) != 2 {
			return errors.Join(errors.New("chunk does not end"), err)
		}
		if n == 0 {
			return nil
		}
	}
}

// get is the text of a GET request with an access token.
func get(path, token string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: application/json\r\n"+
		"Authorization: Bearer %s\r\n\r\n", path, token)
}

// post is the text of a POST request with a form.
func post(path string, form url.Values) []byte {
	return posting(path, "application/x-www-form-urlencoded", form.Encode())
}

func posting(path, mediaType, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: application/json\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, mediaType, len(body), body)
}

// head is the first line of a request: what follows may hold secrets.
func head(request []byte) []byte {
	line, _, _ := bytes.Cut(request, []byte("\r\n"))
	return line
}
