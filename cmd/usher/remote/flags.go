package remote

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// reserved are the flags of all operations: what the contract calls the same gets another name.
func reserved(flag string) bool {
	return slices.Contains([]string{"url", "profile", "insecure", "wait", "output", "headers", "help"}, flag)
}

func (k *call) define(cmd *cobra.Command, v *value) {
	f := cmd.Flags().VarPF(v, v.flag, "", v.usage())
	if f.DefValue = ""; v.in != inBody {
		f.DefValue = k.op.Param(v.name).Default
	}
	choices := v.shape.enum
	if v.shape.is("boolean") {
		f.NoOptDefVal, choices = "true", []string{"true", "false"}
	}
	complete(cmd, v.flag, choices)
}

func complete(cmd *cobra.Command, flag string, choices []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// ownFlags are those that have no name in the contract.
func (k *call) ownFlags(cmd *cobra.Command, c contract) {
	f := cmd.Flags()
	switch {
	case k.structured():
		f.StringVar(&k.body, "body", "", "`file` with the whole body as JSON, instead of flags for its members; - is standard input")
	case k.media != "":
		f.StringVar(&k.upload, "file", "", "`file` to send ("+k.media+"); - is standard input")
	}
	if names := k.clearable(); len(names) > 0 {
		f.StringSliceVar(&k.clear, "clear", nil, "`field` to leave without a value:\n"+wrapped("one of "+strings.Join(names, ", "), usageWidth))
		complete(cmd, "clear", names)
	}
	if k.op.Client {
		f.StringVar(&k.clientID, "client-id", "", "`id` of the client that asks (required)")
		f.BoolVar(&k.clientSecretFromStdin, "client-secret-stdin", false, "read the client's secret from standard input")
	}
	k.answerFlags(cmd, c)
}

// answerFlags are those that the answers make sense of.
func (k *call) answerFlags(cmd *cobra.Command, c contract) {
	var file, job, list, members bool
	for _, a := range k.answers {
		_, paged := a.page()
		file, job, list, members = file || a.file, job || a.job(), list || paged, members || a.shape.is("object")
		if rel := c.fileLink(a); rel != "" && a.job() {
			k.file = rel
		}
	}
	f := cmd.Flags()
	switch {
	case file:
		f.StringVar(&k.out, "out", "", "`file` to write to; - is standard output")
	case k.file != "":
		f.StringVar(&k.out, "out", "", "`file` to write to when the work is over (with --follow); - is standard output")
	}
	if job {
		f.BoolVar(&k.follow, "follow", false, "wait until the work is over, and tell how far it is")
	}
	if list {
		f.BoolVar(&k.all, "all", false, "read every page; as JSON that is one item a line")
	}
	if members {
		f.StringSliceVar(&k.columns, "columns", nil, "`names` of the members to show in a table or as CSV, such as a,b.c")
		complete(cmd, "columns", nil)
	}
}

func (k *call) clearable() (out []string) {
	for _, v := range k.values {
		if v.in == inBody && v.shape.nullable && k.media != formType {
			out = append(out, kebab(v.name))
		}
	}
	return out
}

// given reports whether a flag was used.
func given(c *cobra.Command, name string) bool {
	f := c.Flags().Lookup(name)
	return f != nil && f.Changed
}
