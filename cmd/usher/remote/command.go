package remote

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/usherhq/usher/gen/spec"
)

const (
	jsonType   = "application/json"
	patchType  = "application/merge-patch+json"
	formType   = "application/x-www-form-urlencoded"
	helpWidth  = 100
	usageWidth = 80
)

// call is the command of one operation.
type call struct {
	Settings
	*options

	op      *spec.Operation
	answers map[string]answer
	file    string // the relation that leads from the answer to a file
	values  []*value
	media   string // what the body is sent as; empty if there is none

	body, upload, out     string
	clear, columns        []string
	follow, all           bool
	clientID              string
	clientSecretFromStdin bool
}

// command makes the command of an operation. contract has what the operation's own description lacks.
func (s Settings) command(c contract, op *spec.Operation, o *options) *cobra.Command {
	k := &call{Settings: s, options: o, op: op, answers: c.answers(op), media: media(op)}
	k.values = append(c.parameters(op), c.memberValues(op, k.media)...)
	described := c.operation(op)
	use := []string{kebab(op.ID)}
	for _, v := range k.path() {
		use = append(use, strings.ToUpper(kebab(v.name)))
	}
	cmd := &cobra.Command{
		Use: strings.Join(use, " "), Aliases: []string{op.ID}, Short: op.Summary, GroupID: op.Tag,
		Long: wrapped(described.text("description")+"\n\n"+k.remarks(), helpWidth),
		Args: k.arguments, RunE: k.run, ValidArgsFunction: cobra.NoFileCompletions,
	}
	k.ownFlags(cmd, c)
	for _, v := range k.values {
		v.flag = kebab(v.name)
		if cmd.Flags().Lookup(v.flag) != nil || reserved(v.flag) {
			v.flag = v.in + "-" + v.flag
		}
		k.define(cmd, v)
	}
	return cmd
}

// remarks are what the contract says about an operation beside its description.
func (k *call) remarks() string {
	var out []string
	switch {
	case k.op.Public:
		out = append(out, "Anybody may call it.")
	case k.op.Client:
		out = append(out, "For services that are registered as clients.")
	case k.op.Any|k.op.Own != 0:
		out = append(out, "Takes the scope "+(k.op.Any|k.op.Own).String()+".")
	}
	if k.op.StepUp {
		out = append(out, "Takes a recent sign-in.")
	}
	if k.op.Deprecation != "" {
		out = append(out, "It is on its way out: "+k.op.Sunset+".")
	}
	return strings.Join(out, " ")
}

func (k *call) path() (out []*value) {
	for _, v := range k.values {
		if v.in == "path" {
			out = append(out, v)
		}
	}
	return out
}

// arguments takes the values of the path, in its order.
func (k *call) arguments(c *cobra.Command, args []string) error {
	path := k.path()
	if len(args) > len(path) {
		return fmt.Errorf("%q is one argument too many for %q; what is true or false is written --flag=false",
			args[len(path)], c.CommandPath())
	}
	for i, arg := range args {
		v := path[i]
		if c.Flags().Changed(v.flag) {
			return fmt.Errorf("--%s: this is there twice, as a flag and as an argument", v.flag)
		}
		if err := c.Flags().Set(v.flag, arg); err != nil {
			return err
		}
	}
	return nil
}

// structured reports whether the body has members.
func (k *call) structured() bool {
	return k.media == jsonType || k.media == patchType || k.media == formType
}

// media is the content type that an operation's body is sent as: JSON if it may be.
func media(op *spec.Operation) string {
	var all []string
	for _, b := range op.Bodies {
		all = append(all, b.MediaType)
	}
	for _, wanted := range []string{jsonType, patchType, formType} {
		if slices.Contains(all, wanted) {
			return wanted
		}
	}
	return append(all, "")[0]
}

func (c contract) parameters(op *spec.Operation) (out []*value) {
	for _, p := range op.Params {
		described := c.at(strings.TrimSuffix(p.Schema, "/schema"))
		v := &value{name: p.Name, in: p.In, required: p.Required, shape: c.shape(c.at(p.Schema))}
		v.shape.about = described.text("description")
		out = append(out, v)
	}
	return out
}

func (c contract) memberValues(op *spec.Operation, media string) (out []*value) {
	for _, b := range op.Bodies {
		if b.MediaType != media || op.Stream > 0 {
			continue
		}
		for _, m := range c.shape(c.at(b.Schema)).members() {
			out = append(out, &value{name: m.name, in: inBody, required: m.required, shape: m.shape})
		}
	}
	return out
}

var _ pflag.Value = (*value)(nil)

// note tells the person something that is no output.
func note(w io.Writer, format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
