package mail

import (
	"bytes"
	"fmt"
	"text/template"
	"text/template/parse"
)

// parseTemplate reads a template and makes it safe: whatever it prints goes through veil, so that no author of a
// template has to remember. It accepts little, {{.Name}}, {{if .Name}} and {{with .Name}} with their
// {{else}}, and only names of vars, in every branch.
func parseTemplate(name, source string, vars map[string]string) (*template.Template, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"veil": veil}).Parse(source)
	if err != nil {
		return nil, err
	}
	if t.Tree == nil || parse.IsEmptyTree(t.Root) {
		return nil, fmt.Errorf("%s: the template is empty", name)
	}
	return t, guard{t.Tree, vars}.list(t.Root, false)
}

type guard struct {
	tree *parse.Tree
	vars map[string]string
}

// list checks a sequence of nodes; inside says whether the dot is one value, not all of them.
func (g guard) list(list *parse.ListNode, inside bool) error {
	if list == nil {
		return nil
	}
	for _, node := range list.Nodes {
		if err := g.node(node, inside); err != nil {
			return err
		}
	}
	return nil
}

func (g guard) node(node parse.Node, inside bool) error {
	switch n := node.(type) {
	case *parse.TextNode, *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		if err := g.value(n.Pipe, inside); err != nil {
			return err
		}
		hide := parse.NewIdentifier("veil").SetTree(g.tree).SetPos(n.Pos)
		n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{hide}})
		return nil
	case *parse.IfNode:
		return g.branch(&n.BranchNode, inside, inside)
	case *parse.WithNode:
		return g.branch(&n.BranchNode, inside, true)
	}
	return g.refuse(node)
}

func (g guard) branch(b *parse.BranchNode, inside, within bool) error {
	if err := g.value(b.Pipe, inside); err != nil {
		return err
	}
	if err := g.list(b.List, within); err != nil {
		return err
	}
	return g.list(b.ElseList, inside)
}

// value accepts a pipe that is nothing but one variable.
func (g guard) value(pipe *parse.PipeNode, inside bool) error {
	if len(pipe.Decl) > 0 || len(pipe.Cmds) != 1 || len(pipe.Cmds[0].Args) != 1 {
		return g.refuse(pipe)
	}
	var names []string
	switch arg := pipe.Cmds[0].Args[0].(type) {
	case *parse.DotNode:
		if inside {
			return nil
		}
	case *parse.FieldNode:
		if !inside {
			names = arg.Ident
		}
	case *parse.VariableNode: // $.Name, the way to all values from within
		names = arg.Ident[1:]
	}
	if len(names) != 1 {
		return g.refuse(pipe)
	}
	if _, known := g.vars[names[0]]; !known {
		at, _ := g.tree.ErrorContext(pipe)
		return fmt.Errorf("%s: there is no variable %s", at, names[0])
	}
	return nil
}

func (g guard) refuse(node parse.Node) error {
	at, what := g.tree.ErrorContext(node)
	return fmt.Errorf("%s: %s is more than a mail's template can do", at, what)
}

// execute runs templates one after the other, as separate paragraphs.
func execute(vars map[string]string, templates ...*template.Template) (string, error) {
	var out bytes.Buffer
	for _, t := range templates {
		if err := t.Execute(&out, vars); err != nil {
			return "", err
		}
		out.WriteString("\n\n")
	}
	return out.String(), nil
}
