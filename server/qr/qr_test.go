package qr_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/usherhq/usher/server/qr"
)

// uri is what the package is there for: 112 bytes, version 7.
const uri = "otpauth://totp/Usher:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Usher&algorithm=SHA1&digits=6&period=30"

const quiet = 4

// draw returns a picture and the pixels of one of its modules a side.
func draw(t *testing.T, text string, size, modules int) (picture *image.Paletted, scale int) {
	t.Helper()
	b, err := qr.PNG(text, size)
	require.NoError(t, err)
	decoded, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	picture, ok := decoded.(*image.Paletted)
	require.True(t, ok, "paletted")
	width, height := picture.Bounds().Dx(), picture.Bounds().Dy()
	require.Equal(t, width, height)
	require.Zero(t, width%(modules+2*quiet), "all modules are equally large")
	return picture, width / (modules + 2*quiet)
}

func TestPNGSizes(t *testing.T) {
	tests := map[string]struct {
		text                 string
		size, modules, scale int
	}{
		"nothing":          {"", 0, 21, 1},
		"version 1":        {"fourteen bytes", 29, 21, 1},
		"a pixel more":     {"fourteen bytes", 30, 21, 2},
		"version 2":        {"fifteen bytes..", 300, 25, 10},
		"otpauth":          {uri, 256, 45, 5},
		"negative size":    {uri, -1, 45, 1},
		"as much as it is": {strings.Repeat("x", 2331), 600, 177, 4},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, scale := draw(t, test.text, test.size, test.modules)
			require.Equal(t, test.scale, scale)
		})
	}
}

func TestPNGStructure(t *testing.T) {
	const modules = 45
	picture, scale := draw(t, uri, 256, modules)
	require.Equal(t, color.Palette{color.RGBA{255, 255, 255, 255}, color.RGBA{0, 0, 0, 255}}, picture.Palette)

	dark := func(x, y int) bool { return picture.ColorIndexAt((x+quiet)*scale, (y+quiet)*scale) == 1 }
	within := image.Rect(0, 0, modules, modules)
	for y := -quiet; y < modules+quiet; y++ {
		for x := -quiet; x < modules+quiet; x++ {
			if !image.Pt(x, y).In(within) {
				require.False(t, dark(x, y), "quiet zone at %d, %d", x, y)
			}
			for i := range scale * scale {
				at := image.Pt((x+quiet)*scale+i%scale, (y+quiet)*scale+i/scale)
				require.Equal(t, dark(x, y), picture.ColorIndexAt(at.X, at.Y) == 1, "one colour a module")
			}
		}
	}
	for name, corner := range map[string]image.Point{"top left": {}, "top right": {X: modules - 7}, "bottom left": {Y: modules - 7}} {
		for y := range 7 { // a finder pattern: rings around its middle
			for x := range 7 {
				ring := max(x-3, 3-x, y-3, 3-y)
				require.Equal(t, ring != 2, dark(corner.X+x, corner.Y+y), "%s, %d, %d", name, x, y)
			}
		}
	}
	for i := 8; i < modules-8; i++ {
		require.Equal(t, i%2 == 0, dark(i, 6), "timing")
		require.Equal(t, i%2 == 0, dark(6, i), "timing")
	}
	require.True(t, dark(8, modules-8), "the module that is always dark")
	require.Equal(t, []bool{true, false}, []bool{dark(0, 8), dark(1, 8)}, "error correction M: 00, masked with 10")
}

func TestPNGRefuses(t *testing.T) {
	text := strings.Repeat("secret", 400)[:2332]
	_, err := qr.PNG(text, 256)
	require.ErrorContains(t, err, "2332 bytes")
	require.NotContains(t, err.Error(), "secret")
}

func TestDataURI(t *testing.T) {
	b, err := qr.PNG(uri, 256)
	require.NoError(t, err)
	require.Less(t, len(b), 1024, "it stays small")
	encoded, ok := strings.CutPrefix(qr.DataURI(b), "data:image/png;base64,")
	require.True(t, ok)
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	require.Equal(t, b, decoded)
}
