package config

import (
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// rows is the Markdown of the table of settings, in envconfig's words.
const rows = `| setting | default | meaning |
| --- | --- | --- |
{{range .}}| ` + "`{{usage_key .}}`" + ` | {{if usage_required .}}required{{else}}{{with usage_default .}}` + "`{{.}}`" + `{{end}}{{end}} | {{usage_description .}}{{if .Tags.Get "only"}} (command line only){{end}} |
{{end}}`

// Table describes every setting, as Markdown for the README.
func Table() string {
	var table strings.Builder
	if err := envconfig.Usagef(prefix, &Settings{}, &table, rows); err != nil {
		panic(err) // the template and Settings are constants
	}
	return table.String()
}
