package fact

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// forms are the forms and nouns of the texts in a package, by where they are.
type forms struct {
	forms, nouns map[string]token.Position
	// unknown are calls whose form is not a constant.
	unknown []token.Position
}

// formsOf reads the code of a package. It follows forms that are parameters: if a function
// passes its parameter on as a form, what its callers pass is one, too.
func formsOf(t *testing.T, folder string) forms {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no code in %s: %v", folder, err)
	}
	w := walker{files: token.NewFileSet(), constants: map[string]string{}, parameters: map[string][]int{"New": {0}}, fields: map[string]bool{},
		found: forms{forms: map[string]token.Position{}, nouns: map[string]token.Position{}}}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(w.files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		ast.Inspect(file, w.constant)
	}
	for before := -1; before != w.known(); {
		before = w.known()
		w.found.unknown = nil
		for _, file := range files {
			for _, declaration := range file.Decls {
				w.function, _ = declaration.(*ast.FuncDecl)
				ast.Inspect(declaration, w.call)
				ast.Inspect(declaration, w.field)
			}
		}
	}
	return w.found
}

// walker collects forms.
type walker struct {
	files     *token.FileSet
	constants map[string]string
	// parameters has the places of the parameters that are forms, by the function's name.
	parameters map[string][]int
	// fields has the names of the fields of structs that are forms.
	fields   map[string]bool
	function *ast.FuncDecl // the one that is read
	found    forms
}

// known returns how many parameters and fields are known to be forms.
func (w *walker) known() (n int) {
	n = len(w.fields)
	for _, places := range w.parameters {
		n += len(places)
	}
	return n
}

// constant collects string constants.
func (w *walker) constant(node ast.Node) bool {
	if spec, ok := node.(*ast.ValueSpec); ok {
		for i, name := range spec.Names {
			if i < len(spec.Values) {
				if text, ok := w.text(spec.Values[i]); ok {
					w.constants[name.Name] = text
				}
			}
		}
	}
	return true
}

// text returns the value of a constant expression.
func (w *walker) text(expression ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := w.constants[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		left, ok := w.text(e.X)
		right, alsoOK := w.text(e.Y)
		return left + right, ok && alsoOK && e.Op == token.ADD
	}
	return "", false
}

// call collects the forms and nouns that a call passes.
func (w *walker) call(node ast.Node) bool {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return true
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if x, ok := f.X.(*ast.Ident); name == "New" && (!ok || x.Name != "fact") {
			return true
		}
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "fact" && name == "Count" {
			w.add(w.found.nouns, call.Args[1])
		}
	}
	for _, place := range w.parameters[name] {
		if place < len(call.Args) {
			w.add(w.found.forms, call.Args[place])
		}
	}
	return true
}

// field collects the forms that are put into fields.
func (w *walker) field(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && w.fields[key.Name] {
			w.add(w.found.forms, n.Value)
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if s, ok := left.(*ast.SelectorExpr); ok && w.fields[s.Sel.Name] {
				w.add(w.found.forms, n.Rhs[i])
			}
		}
	}
	return true
}

// add notes a form, or that a parameter of the function or a field is one.
func (w *walker) add(to map[string]token.Position, expression ast.Expr) {
	position := w.files.Position(expression.Pos())
	if identifier, ok := expression.(*ast.Ident); ok && w.function != nil {
		place := 0
		for _, field := range w.function.Type.Params.List {
			for _, name := range field.Names {
				if name.Name == identifier.Name {
					places := w.parameters[w.function.Name.Name]
					if !slices.Contains(places, place) {
						w.parameters[w.function.Name.Name] = append(places, place)
					}
					return
				}
				place++
			}
		}
	}
	if field, ok := expression.(*ast.SelectorExpr); ok {
		w.fields[field.Sel.Name] = true
		return
	}
	if text, ok := w.text(expression); ok {
		to[text] = position
		return
	}
	w.found.unknown = append(w.found.unknown, position)
}

// TestEveryTextHasFrench reads the code and checks that each form and each noun has a French
// one with the same number of values, and that none is left over.
func TestEveryTextHasFrench(t *testing.T) {
	wanted, nouns := map[string]bool{"": true}, map[string]bool{}
	for _, folder := range foldersWithTexts {
		found := formsOf(t, folder)
		for _, position := range found.unknown {
			t.Errorf("%s: the form is not a constant, so nobody can check its French", position)
		}
		for _, form := range sorted(found.forms) {
			checkFrench(t, form, found.forms[form])
			wanted[form] = true
		}
		for _, noun := range sorted(found.nouns) {
			if _, ok := frenchNouns[noun]; !ok {
				t.Errorf("%s: no French for the noun %q", found.nouns[noun], noun)
			}
			nouns[noun] = true
		}
	}
	for form := range frenchForms {
		if !wanted[form] {
			t.Errorf("the French of %q is not used", form)
		}
	}
	for noun := range frenchNouns {
		if !nouns[noun] {
			t.Errorf("the French of the noun %q is not used", noun)
		}
	}
}

// foldersWithTexts are the packages that make texts.
var foldersWithTexts = []string{"../scaling", "../cycle", "../report"}

func sorted(positions map[string]token.Position) []string {
	return slices.SortedFunc(maps.Keys(positions), func(a, b string) int {
		p, q := positions[a], positions[b]
		return cmp.Or(cmp.Compare(p.Filename, q.Filename), cmp.Compare(p.Line, q.Line), cmp.Compare(a, b))
	})
}

// checkFrench checks the French of a form: it must use each value once, by a verb for
// strings.
func checkFrench(t *testing.T, form string, position token.Position) {
	t.Helper()
	if form == "" {
		return
	}
	wording, ok := frenchWordings[form]
	if !ok {
		t.Errorf("%s: no French for %q", position, form)
		return
	}
	values := make([]any, len(verbsOf(form)))
	for i := range values {
		values[i] = fmt.Sprintf("<%d>", i)
	}
	text := fmt.Sprintf(wording, values...)
	for _, value := range values {
		if strings.Count(text, value.(string)) != 1 {
			t.Errorf("%s: the French of %q does not use each value once: %q", position, form, text)
		}
	}
	if strings.Contains(text, "%!") || strings.Contains(text, "'") {
		t.Errorf("%s: the French of %q is %q", position, form, text)
	}
}
