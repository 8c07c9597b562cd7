package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// intent says what a mutation changes in a function. It finds the place by its mentions:
// names or expressions that the code there contains. So the place is still found after the
// code was moved or rewritten a little.
type intent struct {
	text  string // the operator with its arguments: neverTrue(Meetings)
	apply func(function) ([]edit, error)
	// alone is set if the change cannot be switched on and off, so that it is compiled alone.
	alone bool
}

// edit replaces a range of a file. of is the whole range that the intent changes.
type edit struct {
	from, to token.Pos
	text     string
	of       span
}

// span is a range of a file.
type span struct{ from, to token.Pos }

// isMutated is the name of the variable that switches a mutation on, without its number. The
// text of an edit contains it.
const isMutated = "mutated"

// wrap returns the edits that put text before and after a node. The node itself stays,
// so that a mutation leaves no variable and no import unused.
func wrap(node ast.Node, before, after string) []edit {
	of := span{node.Pos(), node.End()}
	return []edit{{node.Pos(), node.Pos(), before, of}, {node.End(), node.End(), after, of}}
}

// newIntent names an intent after its operator and arguments.
func newIntent(operator string, arguments []string, apply func(function) ([]edit, error)) intent {
	return intent{text: operator + "(" + strings.Join(arguments, ", ") + ")", apply: apply}
}

// newLoneIntent is newIntent for a change that is compiled alone.
func newLoneIntent(operator string, arguments []string, apply func(function) ([]edit, error)) intent {
	i := newIntent(operator, arguments, apply)
	i.alone = true
	return i
}

// neverTrue makes the condition that mentions all of these false.
func neverTrue(mentions ...string) intent {
	return newIntent("neverTrue", mentions, func(f function) ([]edit, error) {
		return wrapOne(f.conditions(), mentions, "condition", "(!"+isMutated+" && (", "))")
	})
}

// alwaysTrue makes the condition that mentions all of these true.
func alwaysTrue(mentions ...string) intent {
	return newIntent("alwaysTrue", mentions, func(f function) ([]edit, error) {
		return wrapOne(f.conditions(), mentions, "condition", "("+isMutated+" || (", "))")
	})
}

// onlyIf makes the condition that mentions all of these hold only if another one does.
func onlyIf(other string, mentions ...string) intent {
	return newIntent("onlyIf", append([]string{other}, mentions...), func(f function) ([]edit, error) {
		return wrapOne(f.conditions(), mentions, "condition", "((", ") && (!"+isMutated+" || ("+other+")))")
	})
}

// alsoIf makes the condition that mentions all of these hold if another one does, too.
func alsoIf(other string, mentions ...string) intent {
	return newIntent("alsoIf", append([]string{other}, mentions...), func(f function) ([]edit, error) {
		return wrapOne(f.conditions(), mentions, "condition", "((", ") || ("+isMutated+" && ("+other+")))")
	})
}

// withoutOperand removes the effect of the smallest operand of && or || that mentions all
// of these.
func withoutOperand(mentions ...string) intent {
	return newIntent("withoutOperand", mentions, func(f function) ([]edit, error) {
		operators := map[ast.Node]token.Token{}
		var operands []place
		f.inspect(func(n ast.Node) {
			if logical, ok := n.(*ast.BinaryExpr); ok && isLogical(logical) {
				for _, operand := range []ast.Expr{logical.X, logical.Y} {
					operators[operand] = logical.Op
					operands = append(operands, at(operand))
				}
			}
		})
		found, err := one(operands, mentions, "operand of && or ||")
		if err != nil {
			return nil, err
		}
		if operators[found.node] == token.LAND {
			return wrap(found.node, "("+isMutated+" || (", "))"), nil
		}
		return wrap(found.node, "(!"+isMutated+" && (", "))"), nil
	})
}

// bothNeeded turns the smallest || that mentions all of these into &&.
func bothNeeded(mentions ...string) intent {
	return newLoneIntent("bothNeeded", mentions, func(f function) ([]edit, error) {
		var either []place
		f.inspect(func(n ast.Node) {
			if logical, ok := n.(*ast.BinaryExpr); ok && logical.Op == token.LOR {
				either = append(either, at(logical))
			}
		})
		found, err := one(either, mentions, "|| expression")
		if err != nil {
			return nil, err
		}
		operator := found.node.(*ast.BinaryExpr).OpPos
		return []edit{{operator, operator + 2, "&&", span{operator, operator + 2}}}, nil
	})
}

// unchecked ignores the check of a result: the if statement that follows the assignment
// which mentions all of these never holds.
func unchecked(mentions ...string) intent {
	return newIntent("unchecked", mentions, func(f function) ([]edit, error) {
		var checks []place
		f.lists(func(list []ast.Stmt) {
			for i, statement := range list[:max(len(list)-1, 0)] {
				assignment, assigns := statement.(*ast.AssignStmt)
				check, checked := list[i+1].(*ast.IfStmt)
				if assigns && checked && check.Init == nil {
					checks = append(checks, place{check.Cond, []ast.Node{assignment}})
				}
			}
		})
		return wrapOne(checks, mentions, "assignment with a check after it", "(!"+isMutated+" && (", "))")
	})
}

// withoutCall disables the statement that calls a function. If that is the header of an
// if statement, as in `if err := f(); err != nil {…}`, its body goes, too.
func withoutCall(name string) intent {
	return newIntent("withoutCall", []string{name}, func(f function) ([]edit, error) {
		var calls []place
		f.lists(func(list []ast.Stmt) {
			for _, statement := range list {
				if header := headerOf(statement); slices.ContainsFunc(header, func(n ast.Node) bool { return callsTo(n, name) }) {
					calls = append(calls, at(statement))
				}
			}
		})
		return wrapOne(calls, nil, "statement that calls "+name, "if !"+isMutated+" {\n", "\n}")
	})
}

// withoutAssignment leaves out the assignment to a variable or field.
func withoutAssignment(name string) intent {
	return newIntent("withoutAssignment", []string{name}, func(f function) ([]edit, error) {
		var assignments []place
		f.lists(func(list []ast.Stmt) {
			for _, statement := range list {
				if assignment, ok := statement.(*ast.AssignStmt); ok && assignment.Tok != token.DEFINE &&
					slices.ContainsFunc(assignment.Lhs, func(e ast.Expr) bool { return isNamed(e, name) }) {
					assignments = append(assignments, at(assignment))
				}
			}
		})
		return wrapOne(assignments, nil, "assignment to "+name, "if !"+isMutated+" {\n", "\n}")
	})
}

// begins puts code at the beginning of the function.
func begins(code string) intent {
	return newIntent("begins", []string{code}, func(f function) ([]edit, error) {
		start := f.declaration.Body.Lbrace + 1
		return []edit{{start, start, "\nif " + isMutated + " {\n" + code + "\n}\n", span{start, start}}}, nil
	})
}

// returns makes the function return a value at once.
func returns(value string) intent {
	i := begins("return " + value)
	i.text = "returns(" + value + ")"
	return i
}

// returnsFor makes the return statement that mentions all of these return another value.
func returnsFor(value string, mentions ...string) intent {
	return newIntent("returnsFor", append([]string{value}, mentions...), func(f function) ([]edit, error) {
		var statements []place
		f.inspect(func(n ast.Node) {
			if statement, ok := n.(*ast.ReturnStmt); ok {
				statements = append(statements, at(statement))
			}
		})
		return wrapOne(statements, mentions, "return statement", "{\nif "+isMutated+" { return "+value+" }\n", "\n}")
	})
}

// endsWith makes the return statement at the function's end return another value.
func endsWith(value string) intent {
	return newIntent("endsWith", []string{value}, func(f function) ([]edit, error) {
		list := f.declaration.Body.List
		if len(list) > 0 {
			if last, ok := list[len(list)-1].(*ast.ReturnStmt); ok {
				return wrap(last, "{\nif "+isMutated+" { return "+value+" }\n", "\n}"), nil
			}
		}
		return nil, fmt.Errorf("it does not end with a return statement")
	})
}

// replaced replaces the only use of an expression by another expression of the same type.
// The parts before a dot can be left out: MaxEnds finds d.config.MaxEnds, too. Both are
// evaluated, and one is chosen; a constant without a type becomes an int by that.
func replaced(expression, other string) intent {
	return newIntent("replaced", []string{expression, other}, func(f function) ([]edit, error) {
		var uses []place
		for _, use := range f.uses() {
			if isExpression(use, expression) {
				uses = append(uses, at(use))
			}
		}
		return wrapOne(uses, nil, "use of "+expression, "oneOf("+isMutated+", "+other+", ", ")")
	})
}

// withField adds a field to the struct literal of a type.
func withField(typeName, field, value string) intent {
	return newLoneIntent("withField", []string{typeName, field, value}, func(f function) ([]edit, error) {
		var literals []place
		f.inspect(func(n ast.Node) {
			if literal, ok := n.(*ast.CompositeLit); ok && literal.Type != nil && isExpression(literal.Type, typeName) {
				literals = append(literals, at(literal))
			}
		})
		found, err := one(literals, nil, "literal of "+typeName)
		if err != nil {
			return nil, err
		}
		start := found.node.(*ast.CompositeLit).Lbrace + 1
		return []edit{{start, start, field + ": " + value + ", ", span{start, start}}}, nil
	})
}
