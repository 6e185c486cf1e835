package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"reflect"
	"strings"
	"text/template"
)

//go:embed all:templates
var builtin embed.FS

// page is one kind in one language.
type page struct {
	data                          reflect.Type
	subject, header, body, footer *template.Template
}

// load fills in everything about templates: layout, languages, pages.
func (c *Composer) load(dir string, samples []Data) error {
	files, err := sources(dir)
	if err != nil {
		return err
	}
	if c.layout, err = htmltemplate.New("layout.html").Parse(files["layout.html"]); err != nil {
		return err
	}
	if err := c.speak(files); err != nil {
		return err
	}
	c.pages = map[string]map[string]page{}
	for _, lang := range c.languages {
		c.pages[lang] = map[string]page{}
		for _, sample := range samples {
			name := path.Join(lang, sample.Kind()+".md")
			if _, there := files[name]; !there && lang != fallback {
				continue
			}
			vars, err := c.variables(sample, lang)
			if err != nil {
				return fmt.Errorf("%s: %w", sample.Kind(), err)
			}
			page, err := read(files, name, vars)
			if err != nil {
				return err
			}
			page.data = reflect.TypeOf(sample)
			c.pages[lang][sample.Kind()] = page
		}
	}
	return nil
}

// sources are the built-in files, each replaced by the file of the same name in dir.
func sources(dir string) (map[string]string, error) {
	embedded, err := fs.Sub(builtin, "templates")
	if err != nil {
		return nil, err
	}
	layers := []fs.FS{embedded}
	if dir != "" {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, err
		}
		layers = append(layers, os.DirFS(dir))
	}
	files := map[string]string{}
	for _, layer := range layers {
		for _, pattern := range []string{"layout.html", "[a-z]*/*.md"} {
			names, err := fs.Glob(layer, pattern)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				content, err := fs.ReadFile(layer, name)
				if err != nil {
					return nil, err
				}
				files[name] = string(content)
			}
		}
	}
	return files, nil
}

// read parses the file of one kind, whose first line is the subject, with the header and footer of its
// language or, where it has none, of the fallback.
func read(files map[string]string, name string, vars map[string]string) (page, error) {
	first, rest, _ := strings.Cut(files[name], "\n")
	subject, found := strings.CutPrefix(first, "Subject:")
	if !found {
		return page{}, fmt.Errorf("%s: the first line is not a subject", name)
	}
	shared := func(file string) (*template.Template, error) {
		own := path.Join(path.Dir(name), file)
		if _, there := files[own]; !there {
			own = path.Join(fallback, file)
		}
		return parseTemplate(own, files[own], vars)
	}
	var p page
	var errs [4]error
	p.subject, errs[0] = parseTemplate(name, strings.TrimSpace(subject), vars)
	p.body, errs[1] = parseTemplate(name, "\n"+rest, vars) // so that errors name the right line
	p.header, errs[2] = shared("_header.md")
	p.footer, errs[3] = shared("_footer.md")
	return p, errors.Join(errs[:]...)
}
