// Package qr draws QR codes (ISO/IEC 18004), for links and secrets that a phone
// is to read from a screen or from paper. It does no I/O.
package qr

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

// quiet is the width of the border in modules, the quiet zone of ISO/IEC 18004,
// without which readers do not find the code.
const quiet = 4

// PNG returns a picture of the QR code that reads text (UTF-8), black on white
// with its border, in two colours, so that it stays small. It is the least square
// of size pixels or more in which all modules are equally large; a size of 0
// gives a module one pixel.
//
// With error correction M, which mends 15 % of the code, it holds 2331 bytes.
// The error is for longer text, and does not quote it.
func PNG(text string, size int) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("qr: %d bytes of text are more than a code holds", len(text))
	}
	modules := code.Bounds().Dx() + 2*quiet
	scale := max(1, (size+modules-1)/modules)
	palette := color.Palette{color.White, color.Black}
	picture := image.NewPaletted(image.Rect(0, 0, modules*scale, modules*scale), palette)
	for y := range modules * scale {
		for x := range modules * scale {
			at := image.Pt(x/scale-quiet, y/scale-quiet)
			if at.In(code.Bounds()) && code.At(at.X, at.Y) == color.Black {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, picture); err != nil {
		return nil, fmt.Errorf("qr: %w", err)
	}
	return b.Bytes(), nil
}

// DataURI returns a PNG as the src of an img (RFC 2397), so that a picture that
// shows a secret needs no address of its own.
func DataURI(png []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}
