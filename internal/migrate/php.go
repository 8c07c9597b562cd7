package migrate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits, far above any real configuration.
const (
	maxFile     = 256 << 10 // size of a file, in bytes
	maxDepth    = 32        // nested arrays and parentheses
	maxString   = 4 << 10   // length of a joined string, in bytes
	maxElements = 1000      // elements of an array
)

// ReadPHP reads a configuration file as data: assignments of values to variables, array
// elements and constants, or a returned array. Nothing is run. Everything else is an
// *Error that names the line and the construct.
//
// It returns the settings: the elements of the returned array, of $config, or of the only
// array, together with the constants, whose names are in lower case.
func ReadPHP(file string, source []byte) (*Array, error) {
	if len(source) > maxFile {
		return nil, &Error{file, 1, fmt.Sprintf("larger than %d bytes", maxFile)}
	}
	p := &parser{scanner: scanner{file: file, rest: string(source), line: 1}, variables: map[string]Value{}, constants: &Array{}}
	if err := p.open(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for p.now.kind != endOfFile && !p.returned {
		if err := p.statement(); err != nil {
			return nil, err
		}
	}
	if p.now.kind != endOfFile {
		return nil, p.unexpected("after return")
	}
	return p.settings()
}

type parser struct {
	scanner
	now       token
	depth     int
	variables map[string]Value
	constants *Array
	result    Value
	returned  bool
}

// settings returns the settings once the whole file has been read.
func (p *parser) settings() (*Array, error) {
	found, ok := p.result.(*Array)
	if p.returned && !ok {
		return nil, p.at(p.now, "the returned value is not an array")
	}
	if !ok {
		found, ok = p.variables["config"].(*Array)
	}
	if !ok {
		var arrays []*Array
		for _, value := range p.variables {
			if array, is := value.(*Array); is {
				arrays = append(arrays, array)
			}
		}
		if len(arrays) > 1 {
			return nil, p.at(p.now, "there are several arrays, and none of them is $config")
		}
		if len(arrays) == 1 {
			found, ok = arrays[0], true
		}
	}
	if !ok && len(p.constants.keys) == 0 {
		return nil, p.at(p.now, "there is no array of settings")
	}
	all := &Array{}
	for _, from := range []*Array{p.constants, found} {
		if from == nil {
			continue
		}
		for _, key := range from.keys {
			all.put(key, from.values[key])
		}
	}
	return all, nil
}

func (p *parser) at(t token, format string, args ...any) error {
	return &Error{p.file, t.line, fmt.Sprintf(format, args...)}
}

func (p *parser) unexpected(where string) error { return p.at(p.now, "unexpected %s %s", p.now, where) }

func (p *parser) advance() (err error) {
	p.now, err = p.next()
	return err
}

func (p *parser) isMark(wanted string) bool { return p.now.kind == mark && p.now.text == wanted }

func (p *parser) isWord(w string) bool {
	return p.now.kind == word && strings.EqualFold(strings.TrimPrefix(p.now.text, "\\"), w)
}

// expect reads a punctuation mark.
func (p *parser) expect(wanted, where string) error {
	if !p.isMark(wanted) {
		return p.unexpected(fmt.Sprintf("%s, where %q is expected", where, wanted))
	}
	return p.advance()
}

func (p *parser) statement() error {
	switch {
	case p.isMark(";"):
		return p.advance()
	case p.isWord("return"):
		return p.returning()
	case p.isWord("define"), p.isWord("const"), p.isWord("declare"):
		return p.constant()
	case p.isWord("use"):
		return p.imports()
	case p.now.kind == variable:
		return p.assignment()
	case p.now.kind == word:
		return p.at(p.now, "%s: only values are read, not other statements, calls or includes", p.now)
	}
	return p.unexpected("at the beginning of a statement")
}

func (p *parser) returning() (err error) {
	if err := p.advance(); err != nil {
		return err
	}
	if p.result, err = p.expression(); err != nil {
		return err
	}
	p.returned = true
	return p.end()
}

// end reads the semicolon, which is optional at the end of the file.
func (p *parser) end() error {
	if p.now.kind == endOfFile {
		return nil
	}
	return p.expect(";", "after a value")
}

// imports skips "use Monolog\Level;", which only gives names to constants.
func (p *parser) imports() error {
	for !p.isMark(";") && p.now.kind != endOfFile {
		if err := p.advance(); err != nil {
			return err
		}
	}
	return p.end()
}

// constant reads define('NAME', value), const NAME = value and declare(name=value).
func (p *parser) constant() error {
	call := !p.isWord("const")
	ignored := p.isWord("declare")
	if err := p.advance(); err != nil {
		return err
	}
	if call {
		if err := p.expect("(", "after define"); err != nil {
			return err
		}
	}
	name := p.now
	if name.kind != word && (name.kind != text || ignored) {
		return p.unexpected("where the name of a constant is expected")
	}
	if err := p.advance(); err != nil {
		return err
	}
	between := ","
	if !call || ignored {
		between = "="
	}
	if err := p.expect(between, "after the name of a constant"); err != nil {
		return err
	}
	value, err := p.expression()
	if err != nil {
		return err
	}
	if call {
		if err := p.expect(")", "after the value of a constant"); err != nil {
			return err
		}
	}
	if !ignored {
		p.constants.put(strings.ToLower(name.text), value)
	}
	return p.end()
}

// assignment reads $name = value, and $name['key']['key'] = value.
func (p *parser) assignment() error {
	target := p.now
	name := target.text
	if err := p.advance(); err != nil {
		return err
	}
	path, appends, err := p.path()
	if err != nil {
		return err
	}
	if !p.isMark("=") {
		return p.unexpected(fmt.Sprintf("after %s: only assignments with = are read", target))
	}
	start := p.now
	if err := p.advance(); err != nil {
		return err
	}
	value, err := p.expression()
	if err != nil {
		return err
	}
	changed, err := assigned(p.variables[name], path, appends, value)
	if err != nil {
		return p.at(start, "%v", err)
	}
	p.variables[name] = changed
	return p.end()
}

// path reads the keys of an element, ['key']['key']. appends is set if the last one is [].
func (p *parser) path() (keys []string, appends bool, err error) {
	for p.isMark("[") && !appends {
		if err := p.advance(); err != nil {
			return nil, false, err
		}
		if appends = p.isMark("]"); !appends {
			key, err := p.key()
			if err != nil {
				return nil, false, err
			}
			keys = append(keys, key)
		}
		if err := p.expect("]", "after a key"); err != nil {
			return nil, false, err
		}
	}
	return keys, appends, nil
}

// assigned returns the old value with one element replaced or added.
func assigned(old Value, path []string, appends bool, value Value) (Value, error) {
	if len(path) == 0 && !appends {
		return value, nil
	}
	array, ok := old.(*Array)
	if !ok && old != nil {
		return nil, fmt.Errorf("an element of a value that is not an array")
	}
	if array == nil {
		array = &Array{}
	}
	if len(array.keys) >= maxElements {
		return nil, fmt.Errorf("an array of more than %d elements", maxElements)
	}
	if len(path) == 0 {
		return array.with(strconv.FormatInt(array.next, 10), value), nil
	}
	inner, err := assigned(array.values[path[0]], path[1:], appends, value)
	if err != nil {
		return nil, err
	}
	return array.with(path[0], inner), nil
}

// key reads the key of an array element.
func (p *parser) key() (string, error) {
	start := p.now
	value, err := p.expression()
	if err != nil {
		return "", err
	}
	return p.keyOf(start, value)
}

func (p *parser) keyOf(at token, value Value) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	}
	return "", p.at(at, "a key that is neither a string nor a whole number")
}

// expression reads sums joined with dots. As in PHP 8, + and - bind tighter than the dot.
func (p *parser) expression() (Value, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.at(p.now, "more than %d nested values", maxDepth)
	}
	left, err := p.chain([]string{"+", "-"}, p.product)
	for err == nil && p.isMark(".") {
		at := p.now
		if err = p.advance(); err != nil {
			break
		}
		var right Value
		if right, err = p.chain([]string{"+", "-"}, p.product); err == nil {
			left, err = p.concatenated(at, left, right)
		}
	}
	return left, err
}

func (p *parser) product() (Value, error) { return p.chain([]string{"*"}, p.unary) }

// chain reads operands with the given arithmetic marks between them.
func (p *parser) chain(marks []string, operand func() (Value, error)) (Value, error) {
	left, err := operand()
	for err == nil && p.now.kind == mark && slices.Contains(marks, p.now.text) {
		at := p.now
		if err = p.advance(); err != nil {
			break
		}
		var right Value
		if right, err = operand(); err == nil {
			left, err = p.computed(at, left, right)
		}
	}
	return left, err
}

func (p *parser) concatenated(at token, left, right Value) (Value, error) {
	a, ok1 := asText(left)
	b, ok2 := asText(right)
	if !ok1 || !ok2 {
		return nil, p.at(at, "a dot between values that are not strings or numbers")
	}
	if len(a)+len(b) > maxString {
		return nil, p.at(at, "a string of more than %d bytes", maxString)
	}
	return a + b, nil
}

// asText returns a value as PHP converts it to a string.
func asText(value Value) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'G', -1, 64), true
	case bool:
		if v {
			return "1", true
		}
		return "", true
	case nil:
		return "", true
	}
	return "", false
}

func (p *parser) computed(at token, left, right Value) (Value, error) {
	a, ok1 := left.(int64)
	b, ok2 := right.(int64)
	if !ok1 || !ok2 {
		x, okX := asNumber(left)
		y, okY := asNumber(right)
		if !okX || !okY {
			return nil, p.at(at, "%s between values that are not numbers", at)
		}
		return finite(p, at, map[string]float64{"+": x + y, "-": x - y, "*": x * y}[at.text])
	}
	exact := map[string]int64{"+": a + b, "-": a - b, "*": a * b}[at.text]
	if inexact := map[string]float64{"+": float64(a) + float64(b), "-": float64(a) - float64(b), "*": float64(a) * float64(b)}[at.text]; math.Abs(inexact) > 1<<53 {
		return nil, p.at(at, "a number that is too large")
	}
	return exact, nil
}

func asNumber(value Value) (float64, bool) {
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// finite returns an error for an infinite value.
func finite(p *parser, at token, value float64) (Value, error) {
	if math.IsInf(value, 0) || math.IsNaN(value) {
		return nil, p.at(at, "a number that is too large")
	}
	return value, nil
}

func (p *parser) unary() (Value, error) {
	if p.isMark("-") || p.isMark("+") {
		at := p.now
		if err := p.advance(); err != nil {
			return nil, err
		}
		value, err := p.primary()
		if err != nil {
			return nil, err
		}
		return p.computed(at, int64(0), value)
	}
	return p.primary()
}

func (p *parser) primary() (value Value, err error) {
	t := p.now
	switch {
	case t.kind == text:
		value = t.text
	case t.kind == integer:
		n, _ := strconv.ParseInt(t.text, 0, 64)
		value = n
	case t.kind == decimal:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, p.at(t, "a number that is too large")
		}
		value = f
	case t.kind == variable:
		return p.known(t)
	case p.isMark("["):
		return p.array("]")
	case p.isMark("("):
		return p.parenthesized()
	case t.kind == word:
		return p.named(t)
	default:
		return nil, p.unexpected("where a value is expected")
	}
	return value, p.advance()
}

func (p *parser) parenthesized() (Value, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	value, err := p.expression()
	if err != nil {
		return nil, err
	}
	return value, p.expect(")", "after a value")
}

// known reads a variable that has a value, or an element of it.
func (p *parser) known(t token) (Value, error) {
	value, ok := p.variables[t.text]
	if !ok {
		return nil, p.at(t, "%s, which has no value here", t)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for p.isMark("[") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if err := p.expect("]", "after a key"); err != nil {
			return nil, err
		}
		array, isArray := value.(*Array)
		if !isArray {
			return nil, p.at(t, "an element of %s, which is not an array", t)
		}
		if value, ok = array.Get(key); !ok {
			return nil, p.at(t, "an element that %s does not have", t)
		}
	}
	return value, nil
}

// named reads true, false, null, array(…) and constants.
func (p *parser) named(t token) (Value, error) {
	lower := strings.ToLower(strings.TrimPrefix(t.text, "\\"))
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case lower == "array" && p.isMark("("):
		return p.array(")")
	case p.isMark("("):
		return nil, p.at(t, "a call of %s: nothing is run", t)
	case p.isMark("::"):
		return p.member(t)
	case lower == "true":
		return true, nil
	case lower == "false":
		return false, nil
	case lower == "null":
		return nil, nil
	case lower == "php_eol":
		return "\n", nil
	case lower == "__dir__":
		return ".", nil
	}
	if value, ok := p.constants.Get(lower); ok {
		return value, nil
	}
	if slices.Contains([]string{"new", "function", "fn", "match", "include", "require", "include_once", "require_once", "clone", "isset", "empty"}, lower) {
		return nil, p.at(t, "%s: only values are read", t)
	}
	return Name(t.text), nil
}

// member reads a constant of a class, after the class's name.
func (p *parser) member(class token) (Value, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	name := p.now
	if name.kind != word {
		return nil, p.unexpected("after ::")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isMark("(") {
		return nil, p.at(class, "a call of %s: nothing is run", class)
	}
	return Name(class.text + "::" + name.text), nil
}

// array reads the elements of an array up to its closing mark.
func (p *parser) array(closing string) (Value, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.at(p.now, "more than %d nested values", maxDepth)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	array := &Array{}
	for !p.isMark(closing) {
		if err := p.element(array); err != nil {
			return nil, err
		}
		if len(array.keys) > maxElements {
			return nil, p.at(p.now, "an array of more than %d elements", maxElements)
		}
		if p.isMark(closing) {
			break
		}
		if err := p.expect(",", "after an element"); err != nil {
			return nil, err
		}
	}
	return array, p.advance()
}

func (p *parser) element(array *Array) error {
	start := p.now
	value, err := p.expression()
	if err != nil {
		return err
	}
	if !p.isMark("=>") {
		array.add(value)
		return nil
	}
	key, err := p.keyOf(start, value)
	if err != nil {
		return err
	}
	if err := p.advance(); err != nil {
		return err
	}
	if value, err = p.expression(); err != nil {
		return err
	}
	array.put(key, value)
	return nil
}
