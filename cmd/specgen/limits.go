package main

import (
	"fmt"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// limit is one of x-rate-limits: {by: email, limit: 5, per: 1h, count: failures, when: {grant_type: [password]}}.
type limit struct {
	By       string
	Count    int
	Per      time.Duration
	Failures bool
	Field    string
	Values   []string
}

// readLimits reads x-rate-limits. What it does not understand is zero; check refuses that.
func readLimits(op *openapi3.Operation) []limit {
	list, _ := op.Extensions["x-rate-limits"].([]any)
	var out []limit
	for _, entry := range list {
		said, _ := entry.(map[string]any)
		l := limit{By: text(said["by"]), Count: number(said["limit"]), Failures: said["count"] == "failures"}
		l.Per, _ = time.ParseDuration(text(said["per"]))
		when, _ := said["when"].(map[string]any)
		for member, values := range when {
			l.Field, l.Values = member, texts(values)
		}
		out = append(out, l)
	}
	return out
}

// duration is d, of whole seconds, as Go has it: 10 * time.Minute.
func duration(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%d * time.Hour", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d * time.Minute", d/time.Minute)
	}
	return fmt.Sprintf("%d * time.Second", d/time.Second)
}
