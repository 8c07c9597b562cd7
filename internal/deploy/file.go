package deploy

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// file is what a pool's file says, without running it.
type file struct {
	path string
	// last are the last assignments of settings, by name.
	last map[string]assignment
	// names are all variables that the file assigns or unsets.
	names map[string]bool
	// variables are the variables in settings' values, with their lines.
	variables []reference
}

// assignment is DIVIMS_NAME=value.
type assignment struct {
	line uint
	// certain reports whether it is carried out whenever the file is read, and gives a
	// value that is not empty.
	certain bool
}

// reference is a variable in a setting's value.
type reference struct {
	line          uint
	setting, name string
}

// at returns the file, with the line of a setting if it is known.
func (f file) at(name string) string {
	if a, ok := f.last[name]; ok {
		return fmt.Sprintf("%s line %d", f.path, a.line)
	}
	return f.path
}

// parse looks for what a shell would read otherwise than it is meant. It leaves syntax
// errors to the shell, which says what it does not understand.
func parse(path string, text []byte) (file, Problems) {
	f := file{path: path, last: map[string]assignment{}, names: map[string]bool{}}
	if wrong := unreadable(text); wrong != "" {
		return f, Problems{path + " " + wrong}
	}
	tree, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(text), path)
	if err != nil {
		return f, nil
	}
	r := reader{file: &f, text: text}
	syntax.Walk(tree, r.visit)
	return f, r.problems
}

// unreadable says what is wrong with a file that is not plain text.
func unreadable(text []byte) string {
	line := func(i int) int { return 1 + bytes.Count(text[:i], []byte("\n")) }
	switch i := bytes.IndexByte(text, '\r'); {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return "line 1: begins with a byte order mark, which the shell takes for a part of the first name: save it as UTF-8 without BOM"
	case bytes.IndexByte(text, 0) >= 0:
		return "is not a text in UTF-8: save it as UTF-8 without BOM"
	case i >= 0:
		return fmt.Sprintf("line %d: ends as on Windows, and the shell would take that for a part of the value: save the file with Unix line ends (LF)", line(i))
	case !utf8.Valid(text):
		return "is not a text in UTF-8: save it as UTF-8"
	}
	return ""
}

// reader walks through a file.
type reader struct {
	*file
	text     []byte
	stack    []syntax.Node
	problems Problems
}

func (r *reader) addProblem(line uint, format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("%s line %d: %s", r.path, line, fmt.Sprintf(format, args...)))
}

// visit is called with each node, and with nil when a node has been left.
func (r *reader) visit(node syntax.Node) bool {
	if node == nil {
		r.stack = r.stack[:len(r.stack)-1]
		return true
	}
	switch node := node.(type) {
	case *syntax.CmdSubst, *syntax.ProcSubst:
		return false // what is set there stays there
	case *syntax.CallExpr:
		r.command(node)
	case *syntax.WordIter:
		r.names[node.Name.Value] = true
	case *syntax.Assign:
		if node.Name != nil {
			r.assign(node)
		}
	}
	r.stack = append(r.stack, node)
	return true
}

// settingName is the name of a setting.
var settingName = regexp.MustCompile(`^DIVIMS_\w*$`)

// command reads a command that is no assignment.
func (r *reader) command(c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		return
	}
	name := c.Args[0].Lit()
	if settingName.MatchString(name) {
		r.addProblem(c.Pos().Line(), "write %s='value', without spaces around =", name)
	}
	if name == "unset" || name == "read" {
		for _, argument := range c.Args[1:] {
			r.names[argument.Lit()] = true
			delete(r.last, argument.Lit())
		}
	}
}

// assign reads an assignment. One of a setting must be kept, with its whole value.
func (r *reader) assign(a *syntax.Assign) {
	name, line := a.Name.Value, a.Pos().Line()
	r.names[name] = true
	if !settingName.MatchString(name) || a.Naked {
		return
	}
	lost, certain := r.context()
	switch end := r.follows(a); {
	case end != "":
		r.addProblem(line, "the shell ends the value of %s at the character %s: put the value in single quotes", name, end)
	case lost == "command" && a.Value == nil:
		r.addProblem(line, "write %s='value', without spaces around =", name)
	case lost == "command":
		r.addProblem(line, "the shell takes what follows the value of %s for a command: put the value in single quotes", name)
	case lost != "":
		r.addProblem(line, "%s is set in %s, and so it is not kept", name, lost)
	}
	r.last[name] = assignment{line, certain && r.value(name, a.Value)}
}

// context says where the present assignment would be lost, and whether it is certainly
// carried out.
func (r *reader) context() (lost string, certain bool) {
	certain = true
	for i, node := range r.stack {
		switch node := node.(type) {
		case *syntax.Stmt:
			if node.Background {
				lost = "the background (&)"
			}
		case *syntax.Subshell:
			lost = "a subshell"
		case *syntax.BinaryCmd:
			if node.Op == syntax.Pipe || node.Op == syntax.PipeAll {
				lost = "a pipe (|)"
			}
			certain = certain && i+1 < len(r.stack) && r.stack[i+1] == node.X
		case *syntax.IfClause, *syntax.WhileClause, *syntax.ForClause, *syntax.CaseClause, *syntax.FuncDecl:
			certain = false
		case *syntax.CallExpr:
			if len(node.Args) > 0 {
				lost = "command"
			}
		}
	}
	return lost, certain
}

// follows returns the operator that stands right behind a value, if there is one. A
// semicolon with a space behind it separates commands.
func (r *reader) follows(a *syntax.Assign) string {
	rest := r.text[min(int(a.End().Offset()), len(r.text)):]
	if len(rest) == 0 || !bytes.ContainsRune([]byte("&|<>;"), rune(rest[0])) {
		return ""
	}
	if rest[0] == ';' && (len(rest) == 1 || bytes.ContainsRune([]byte(" \t\n;"), rune(rest[1]))) {
		return ""
	}
	return string(rest[:1])
}

// value checks the parts of a setting's value, and reports whether it is certainly not
// empty.
func (r *reader) value(name string, word *syntax.Word) (certain bool) {
	if word == nil {
		return false
	}
	for _, part := range word.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			certain = true
			if droppedBackslash.MatchString(part.Value) {
				r.addProblem(part.Pos().Line(), "the shell drops the backslash in the value of %s: put the value in single quotes", name)
			}
		case *syntax.SglQuoted:
			certain = certain || strings.TrimSpace(part.Value) != ""
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				_, text := inner.(*syntax.Lit)
				certain = certain || text
				r.variable(name, inner)
			}
		}
		r.variable(name, part)
	}
	return certain
}

// droppedBackslash is a backslash before a character that needs none.
var droppedBackslash = regexp.MustCompile(`(^|[^\\])(\\\\)*\\[A-Za-z0-9]`)

// specialVariable is a variable that only the shell itself sets.
var specialVariable = regexp.MustCompile(`^([0-9]+|[@*#?$!-])$`)

// variable reads a variable in a setting's value, such as $word, but not ${word-}.
func (r *reader) variable(setting string, part syntax.WordPart) {
	v, ok := part.(*syntax.ParamExp)
	if !ok || v.Param == nil || v.Exp != nil {
		return
	}
	r.variables = append(r.variables, reference{v.Pos().Line(), setting, v.Param.Value})
}

// missing returns what the file sets and the shell's environment does not have.
func (f file) missing(environment map[string]string) Problems {
	var found Problems
	for _, v := range f.variables {
		_, set := environment[v.name]
		if specialVariable.MatchString(v.name) || !set && !f.names[v.name] {
			found = append(found, fmt.Sprintf("%s line %d: the shell takes a $ in the value of %s for a variable that is not set: put the value in single quotes, or write ${NAME-} if the variable may be missing",
				f.path, v.line, v.setting))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.last)) {
		if a := f.last[name]; a.certain && environment[name] == "" {
			found = append(found, fmt.Sprintf("%s line %d: %s is set here, and not any more when the whole file has been read", f.path, a.line, name))
		}
	}
	return found
}
