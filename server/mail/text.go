package mail

import (
	"fmt"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// blocks writes the children of a node as plain text, an empty line between them.
func blocks(parent ast.Node, source []byte) string {
	var out []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		out = append(out, block(n, source))
	}
	return strings.Join(out, "\n\n")
}

func block(node ast.Node, source []byte) string {
	switch n := node.(type) {
	case *ast.List:
		return list(n, source)
	case *ast.Blockquote:
		return indent(blocks(n, source), "> ", "> ")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return indent(strings.TrimRight(string(n.Lines().Value(source)), "\n"), "    ", "    ")
	case *ast.ThematicBreak:
		return strings.Repeat("-", 32)
	}
	return inline(node, source)
}

func list(n *ast.List, source []byte) string {
	var out []string
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", n.Start+len(out))
		}
		out = append(out, indent(blocks(item, source), mark, strings.Repeat(" ", len(mark))))
	}
	return strings.Join(out, "\n")
}

// indent puts first before the first line and rest before the others.
func indent(s, first, rest string) string {
	lines := strings.Split(first+s, "\n")
	for i := range lines[1:] {
		lines[i+1] = strings.TrimRight(rest+lines[i+1], " ")
	}
	return strings.Join(lines, "\n")
}

// inline writes words without their emphasis. Of a link it shows words and address: on a line of its
// own if the link stands alone, else in angle brackets, which programs don't take for a part of it.
func inline(parent ast.Node, source []byte) string {
	var out strings.Builder
	for node := parent.FirstChild(); node != nil; node = node.NextSibling() {
		switch n := node.(type) {
		case *ast.Text:
			out.WriteString(literal(n, source))
		case *ast.AutoLink:
			out.Write(n.URL(source))
		case *ast.Link:
			shape := "%s <%s>"
			if alone(n) {
				shape = "%s:\n%s"
			}
			fmt.Fprintf(&out, shape, inline(n, source), n.Destination)
		default:
			out.WriteString(inline(n, source))
		}
	}
	return out.String()
}

// literal resolves backslashes and entities, except in code, which has none.
func literal(n *ast.Text, source []byte) string {
	words := n.Value(source)
	switch {
	case n.Parent().Kind() == ast.KindCodeSpan:
		return string(words)
	case n.HardLineBreak():
		return unescape(words) + "\n"
	case n.SoftLineBreak():
		return unescape(words) + " "
	}
	return unescape(words)
}

func unescape(words []byte) string {
	return html.UnescapeString(string(util.UnescapePunctuations(words)))
}
