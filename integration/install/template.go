// Renders the template on standard input for a pod with the annotation that the first word says, as an injector
// does: text/template with the functions of sprig that it uses.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	functions := template.FuncMap{
		"trim":       strings.TrimSpace,
		"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
		"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
		"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
		"quote":      func(s string) string { return fmt.Sprintf("%q", s) },
		"default": func(otherwise, s string) string {
			if s == "" {
				return otherwise
			}
			return s
		},
	}
	annotations := map[string]string{}
	if len(os.Args) > 1 {
		annotations["k8s.v1.cni.cncf.io/networks"] = os.Args[1]
	}
	pod := map[string]any{"ObjectMeta": map[string]any{"Annotations": annotations}}
	parsed := template.Must(template.New("pod").Funcs(functions).Parse(string(text)))
	if err := parsed.Execute(os.Stdout, pod); err != nil {
		panic(err)
	}
}
