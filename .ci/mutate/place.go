package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// function is a function or method of a package, with its file.
type function struct {
	declaration *ast.FuncDecl
	file        string
	packageName string
	set         *token.FileSet
}

// name is the function's name, with its receiver's type before a method's.
func (f function) name() string {
	if f.declaration.Recv == nil {
		return f.declaration.Name.Name
	}
	receiver := f.declaration.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	return text(receiver) + "." + f.declaration.Name.Name
}

// readFunctions parses all files of a folder but its tests.
func readFunctions(folder string) ([]function, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []function
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Body != nil {
				all = append(all, function{f, path, file.Name.Name, set})
			}
		}
	}
	return all, nil
}

// findFunction returns the one function of that name. A method can be named without its
// receiver's type, if no other function of the package has its name.
func findFunction(all []function, name string) (function, error) {
	var found []function
	for _, f := range all {
		if f.name() == name || f.declaration.Name.Name == name {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return function{}, fmt.Errorf("there is no function %s", name)
	case 1:
		return found[0], nil
	}
	return function{}, fmt.Errorf("%d functions are named %s", len(found), name)
}

// mutate returns the file with the function after the intent's edits.
func (f function) mutate(i intent) ([]byte, error) {
	edits, err := i.apply(f)
	if err != nil {
		return nil, err
	}
	return f.edit(edits)
}

// edit returns the function's file after edits in it. The ranges that two intents change
// are apart, or one is in the other.
func (f function) edit(edits []edit) ([]byte, error) {
	body, err := os.ReadFile(f.file)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(edits, byPlace)
	var edited []byte
	done := 0
	for _, e := range edits {
		from, to := f.set.Position(e.from).Offset, f.set.Position(e.to).Offset
		edited = append(append(edited, body[done:from]...), e.text...)
		done = to
	}
	edited = append(edited, body[done:]...)
	if _, err := parser.ParseFile(token.NewFileSet(), f.file, edited, parser.SkipObjectResolution); err != nil {
		return nil, fmt.Errorf("the mutated code is malformed: %w", err)
	}
	return edited, nil
}

// byPlace orders edits as their texts are in the edited file. At the same place, what ends
// comes before what begins, and of two that contain one another the outer one begins first
// and ends last.
func byPlace(a, b edit) int {
	aEnds, bEnds := a.from > a.of.from, b.from > b.of.from
	switch {
	case a.from != b.from:
		return int(a.from - b.from)
	case aEnds && bEnds:
		return int(b.of.from - a.of.from)
	case aEnds:
		return -1
	case bEnds:
		return 1
	}
	return int(b.of.to - a.of.to)
}

// place is a node that an intent may change. It is found by the names and expressions in
// around.
type place struct {
	node   ast.Node
	around []ast.Node
}

// at is a place that is found by its own code.
func at(node ast.Node) place { return place{node, []ast.Node{node}} }

func (p place) mentions(mentions []string) bool {
	return !slices.ContainsFunc(mentions, func(mention string) bool {
		return !slices.ContainsFunc(p.around, func(n ast.Node) bool { return mentionsOne(n, mention) })
	})
}

// one returns the only place with all of the mentions. It leaves out a place that contains
// another place with all of them. Without exactly one place it returns an error.
func one(places []place, mentions []string, what string) (place, error) {
	if len(mentions) > 0 {
		what += " that mentions " + strings.Join(mentions, " and ")
	}
	var found []place
	for _, p := range places {
		if p.mentions(mentions) {
			found = append(found, p)
		}
	}
	found = slices.DeleteFunc(found, func(outer place) bool {
		return slices.ContainsFunc(found, func(inner place) bool {
			return inner.node != outer.node && outer.node != nil && inner.node != nil &&
				outer.node.Pos() <= inner.node.Pos() && inner.node.End() <= outer.node.End()
		})
	})
	switch len(found) {
	case 0:
		return place{}, errors.New("there is no " + what)
	case 1:
		return found[0], nil
	}
	texts := make([]string, len(found))
	for i, p := range found {
		texts[i], _, _ = strings.Cut(text(p.node), "\n")
	}
	return place{}, fmt.Errorf("there is more than one %s: %s", what, strings.Join(texts, " | "))
}

// wrapOne wraps the only place with all of the mentions.
func wrapOne(places []place, mentions []string, what, before, after string) ([]edit, error) {
	found, err := one(places, mentions, what)
	if err != nil {
		return nil, err
	}
	return wrap(found.node, before, after), nil
}

// inspect visits all nodes of the function's body.
func (f function) inspect(visit func(ast.Node)) {
	ast.Inspect(f.declaration.Body, func(n ast.Node) bool {
		if n != nil {
			visit(n)
		}
		return true
	})
}

// conditions returns the conditions of if, for and switch statements, and comparisons that
// are returned. The condition of an if statement is found by its init statement, too.
func (f function) conditions() (all []place) {
	f.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.IfStmt:
			all = append(all, place{n.Cond, []ast.Node{n.Init, n.Cond}})
		case *ast.ForStmt:
			if n.Cond != nil {
				all = append(all, at(n.Cond))
			}
		case *ast.SwitchStmt:
			if n.Tag != nil {
				return
			}
			for _, clause := range n.Body.List {
				for _, expression := range clause.(*ast.CaseClause).List {
					all = append(all, at(expression))
				}
			}
		case *ast.ReturnStmt:
			for _, result := range n.Results {
				if isComparison(result) {
					all = append(all, at(result))
				}
			}
		}
	})
	return all
}

// lists visits each list of statements: blocks and the clauses of switch and select.
func (f function) lists(visit func([]ast.Stmt)) {
	f.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.BlockStmt:
			visit(n.List)
		case *ast.CaseClause:
			visit(n.Body)
		case *ast.CommClause:
			visit(n.Body)
		}
	})
}

// uses returns the expressions of the function. It leaves out the left sides of
// assignments, keys of literals, and names after a dot, which belong to a larger expression.
func (f function) uses() (all []ast.Expr) {
	var skipped []ast.Node
	f.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, variable := range n.Lhs {
				skipped = append(skipped, variable)
			}
		case *ast.SelectorExpr:
			skipped = append(skipped, n.Sel)
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				skipped = append(skipped, key)
			}
		}
		if expression, ok := n.(ast.Expr); ok && !slices.Contains(skipped, n) {
			all = append(all, expression)
		}
	})
	return all
}

// headerOf returns the parts of a statement that are not statements of their own.
func headerOf(statement ast.Stmt) []ast.Node {
	switch s := statement.(type) {
	case *ast.ExprStmt, *ast.AssignStmt:
		return []ast.Node{s}
	case *ast.IfStmt:
		return []ast.Node{s.Init, s.Cond}
	}
	return nil
}

// callsTo reports whether a node calls a function or method of that name.
func callsTo(node ast.Node, name string) (found bool) {
	inspect(node, func(n ast.Node) {
		if call, ok := n.(*ast.CallExpr); ok && isNamed(call.Fun, name) {
			found = true
		}
	})
	return found
}

// isNamed reports whether an expression is a name, or ends with it after a dot.
func isNamed(expression ast.Expr, name string) bool {
	switch e := expression.(type) {
	case *ast.Ident:
		return e.Name == name
	case *ast.SelectorExpr:
		return e.Sel.Name == name
	}
	return false
}

// mentionsOne reports whether a node contains a name or an expression.
func mentionsOne(node ast.Node, mention string) (found bool) {
	inspect(node, func(n ast.Node) {
		if name, ok := n.(*ast.Ident); ok && name.Name == mention {
			found = true
		}
		if expression, ok := n.(ast.Expr); ok && isExpression(expression, mention) {
			found = true
		}
	})
	return found
}

func inspect(node ast.Node, visit func(ast.Node)) {
	if node == nil {
		return
	}
	ast.Inspect(node, func(n ast.Node) bool {
		if n != nil {
			visit(n)
		}
		return true
	})
}

// isExpression reports whether an expression is written like this, or ends with it
// after a dot. Spaces and line breaks do not matter.
func isExpression(expression ast.Expr, written string) bool {
	wanted, err := parser.ParseExpr(written)
	if err != nil {
		return false
	}
	got, want := text(expression), text(wanted)
	if got == want {
		return true
	}
	switch expression.(type) {
	case *ast.SelectorExpr, *ast.CallExpr:
		return strings.HasSuffix(got, "."+want)
	}
	return false
}

func isLogical(e *ast.BinaryExpr) bool { return e.Op == token.LAND || e.Op == token.LOR }

// isComparison reports whether an expression has the form of a condition, so that its type
// must be bool.
func isComparison(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return isComparison(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.NOT
	case *ast.BinaryExpr:
		switch e.Op {
		case token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			return true
		}
	}
	return false
}

// text prints a node on one line.
func text(node ast.Node) string {
	var printed bytes.Buffer
	if err := printer.Fprint(&printed, token.NewFileSet(), node); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(printed.String()), " ")
}
