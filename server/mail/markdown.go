package mail

import (
	"bytes"
	"errors"
	"strings"
	"text/template"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// button is how a link looks that is a paragraph of its own. Its colours read well on light and dark.
const button = "display:inline-block;padding:10px 18px;border-radius:6px;background-color:#1d5fbf;color:#ffffff;text-decoration:none;font-weight:600"

// render executes templates and returns the Markdown they make as plain text and as HTML.
func (c *Composer) render(vars map[string]string, templates ...*template.Template) (plainText, html string, err error) {
	markdown, err := execute(vars, templates...)
	if err != nil {
		return "", "", err
	}
	source := []byte(markdown)
	doc := c.markdown.Parser().Parse(text.NewReader(source))
	if err := inspect(doc, source); err != nil {
		return "", "", err
	}
	var out bytes.Buffer
	if err := c.markdown.Renderer().Render(&out, source, doc); err != nil {
		return "", "", err
	}
	return unveil(blocks(doc, source), verbatim), strings.TrimSpace(unveil(out.String(), escaped)), nil
}

// inspect refuses what a mail must not have, HTML, pictures and links that are not of the web, and
// makes buttons.
func inspect(doc ast.Node, source []byte) error {
	return ast.Walk(doc, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.RawHTML, *ast.HTMLBlock:
			return ast.WalkStop, errors.New("HTML is not for mails, Markdown is (a link is [words]({{.Link}}))")
		case *ast.Image:
			return ast.WalkStop, errors.New("pictures are not for mails: who opens one would tell a server")
		case *ast.AutoLink:
			if !web(n.URL(source)) {
				return ast.WalkStop, errors.New("a link does not start with http:// or https://")
			}
		case *ast.Link:
			if !web(n.Destination) {
				return ast.WalkStop, errors.New("a link does not start with http:// or https://")
			}
			if alone(n) {
				n.SetAttributeString("style", []byte(button))
			}
		}
		return ast.WalkContinue, nil
	})
}

func web(destination []byte) bool {
	address := unveil(string(destination), verbatim)
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}

// alone says whether a link is all there is in its paragraph.
func alone(link ast.Node) bool {
	parent := link.Parent()
	return parent.Kind() == ast.KindParagraph && parent.ChildCount() == 1
}
