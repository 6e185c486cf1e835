package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/usherhq/usher/gen/web"
)

const (
	revalidate = "no-cache"
	forever    = "public, max-age=31536000, immutable"
)

// document is an answer that stays the same while the program runs. It is kept in one encoding; the other one is made
// when the first client asks for it.
type document struct {
	header      http.Header
	tag         string
	plain, gzip func() []byte
}

func newDocument(contentType, policy string, body []byte) *document {
	sum := sha256.Sum256(body)
	return &document{
		header: http.Header{
			"Content-Type":            {contentType},
			"Content-Security-Policy": {policy},
			"Cache-Control":           {revalidate},
		},
		tag:   base64.RawURLEncoding.EncodeToString(sum[:16]),
		plain: func() []byte { return body },
		gzip:  sync.OnceValue(func() []byte { return compress(body) }),
	}
}

// openAPI is the contract in one of its two notations. It is public, so the tools of other origins may read it.
func openAPI(contentType string, body []byte) *document {
	d := newDocument(contentType, sealedPolicy, body)
	d.header.Set("Access-Control-Allow-Origin", "*")
	d.header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return d
}

// fromFile is a built page that is served as it is.
func fromFile(name, policy string) (*document, error) {
	body, err := fs.ReadFile(web.Files, name)
	if err != nil {
		return nil, fmt.Errorf("read a built page: %w", err)
	}
	contentType, err := typeOf(name)
	if err != nil {
		return nil, err
	}
	return newDocument(contentType, policy, body), nil
}

// asset is a file that its page names with a hash of its content: the name is tag enough, and the file can be kept
// forever. The build has compressed it.
func asset(name, file string) (*document, error) {
	packed, err := fs.ReadFile(web.Files, file)
	if err != nil {
		return nil, fmt.Errorf("read a built asset: %w", err)
	}
	contentType, err := typeOf(name)
	if err != nil {
		return nil, err
	}
	return &document{
		header: http.Header{
			"Content-Type":            {contentType},
			"Content-Security-Policy": {sealedPolicy},
			"Cache-Control":           {forever},
		},
		tag:   name,
		plain: sync.OnceValue(func() []byte { return decompress(packed) }),
		gzip:  func() []byte { return packed },
	}, nil
}

// ServeHTTP answers GET and HEAD, conditional and range requests too, in the encoding that the client takes.
func (d *document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, tag := d.plain, d.tag
	header := w.Header()
	maps.Copy(header, d.header)
	header.Add("Vary", "Accept-Encoding")
	if quality(r.Header["Accept-Encoding"], "gzip", "*") > 0 {
		body, tag = d.gzip, d.tag+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body()))
}

// typeOf is a fixed list, because package mime lets the machine's own list change the answer.
func typeOf(name string) (string, error) {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8", nil
	case ".txt":
		return "text/plain; charset=utf-8", nil
	case ".js":
		return "text/javascript; charset=utf-8", nil
	case ".css":
		return "text/css; charset=utf-8", nil
	case ".svg":
		return "image/svg+xml", nil
	case ".png":
		return "image/png", nil
	case ".woff2":
		return "font/woff2", nil
	default:
		return "", fmt.Errorf("no media type is known for the built file %s", name)
	}
}

func compress(plain []byte) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	_, _ = zw.Write(plain) // a bytes.Buffer takes everything
	_ = zw.Close()
	return b.Bytes()
}

// decompress unpacks a file that was compressed by the build and is part of the program: that fails for no input.
func decompress(packed []byte) []byte {
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err)
	}
	plain, err := io.ReadAll(zr)
	if err != nil {
		panic(err)
	}
	return plain
}
