package migrate

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
)

// asMap returns an array as a Go map, for comparisons.
func asMap(value Value) any {
	array, ok := value.(*Array)
	if !ok {
		return value
	}
	all := map[string]any{}
	for _, key := range array.Keys() {
		inner, _ := array.Get(key)
		all[key] = asMap(inner)
	}
	return all
}

// TestReadPHP reads every form in which a configuration may be written.
func TestReadPHP(t *testing.T) {
	type m = map[string]any
	for name, c := range map[string]struct {
		source string
		want   m
	}{
		"the defaults' shape":    {"<?php\n\n$config = [\n  /* General */\n  'a' => 100, // side by side\n  'b' => 60*60*24*7,\n];\n\n?>", m{"a": int64(100), "b": int64(604800)}},
		"the template's shape":   {"<?php\n$config = array(\n  'a' => '',\n  //'b' => 5,\n  'c' => \\Monolog\\Level::Info,\n);\n\n?>\n", m{"a": "", "c": Name(`\Monolog\Level::Info`)}},
		"imports":                {"<?php\nuse Monolog\\Level;\nuse Monolog\\{Logger, Level as L};\nreturn ['a' => Level::Info];", m{"a": Name("Level::Info")}},
		"returned":               {"<?php\nreturn ['a' => 1];", m{"a": int64(1)}},
		"returned at the end":    {"<?php return array('a' => 1) ?>", m{"a": int64(1)}},
		"constants":              {"<?php define('POOL_SIZE', 3); const ZONE = 'fr-par-1'; ", m{"pool_size": int64(3), "zone": "fr-par-1"}},
		"elements":               {"<?php $config = []; $config['a'] = 1; $config['b']['c'] = 2; $config['b'][] = 3;", m{"a": int64(1), "b": m{"c": int64(2), "0": int64(3)}}},
		"arrays are copied":      {"<?php $a = ['x' => 1]; $config = ['a' => $a]; $a['x'] = 2;", m{"a": m{"x": int64(1)}}},
		"the only array":         {"<?php $project = 'acme'; $settings = ['name' => $project . '-p'];", m{"name": "acme-p"}},
		"lists":                  {"<?php return ['a', 7 => 'b', 'c', 'x' => 'd',];", m{"0": "a", "7": "b", "8": "c", "x": "d"}},
		"nested":                 {"<?php return [[1, [2]], 'a' => array(array())];", m{"0": m{"0": int64(1), "1": m{"0": int64(2)}}, "a": m{"0": m{}}}},
		"words in any case":      {"<?php return [TRUE, False, NULL, ARRAY(1)];", m{"0": true, "1": false, "2": nil, "3": m{"0": int64(1)}}},
		"numbers":                {"<?php return [0x1F, 017, 0b11, 1_000, 1.5, .5, 1e3, -2, -2.5, 9223372036854775807];", m{"0": int64(31), "1": int64(15), "2": int64(3), "3": int64(1000), "4": 1.5, "5": .5, "6": 1000.0, "7": int64(-2), "8": -2.5, "9": int64(9223372036854775807)}},
		"arithmetic binds first": {"<?php return [2 + 3 * 4, (2 + 3) * 4, 'a' . 1 + 2 . 'b', 1.5 * 2];", m{"0": int64(14), "1": int64(20), "2": "a3b", "3": 3.0}},
		"single quotes":          {`<?php return ['it\'s', 'a\\b', 'a\nb', '$x {$y}', "tab\there"];`, m{"0": "it's", "1": `a\b`, "2": `a\nb`, "3": "$x {$y}", "4": "tab\there"}},
		"double quotes":          {`<?php return ["\x41\101\u{e9}\$\"\\ \q", "cost: 5$", "{a}"];`, m{"0": "AAé$\"\\ \\q", "1": "cost: 5$", "2": "{a}"}},
		"comments":               {"<?php # one\n// two ' [ \n/* three\n; */ return [/*,*/ 1 /* */, # x\n2];", m{"0": int64(1), "1": int64(2)}},
		"a comment ends the PHP": {"<?php $config = ['a' => 1]; // that is all ?>\n", m{"a": int64(1)}},
		"strict types, a shebang, a byte order mark": {"\ufeff#!/usr/bin/php\n<?php declare(strict_types=1); return [1];", m{"0": int64(1)}},
		"an earlier value":                           {"<?php $config = ['a' => ['b' => 2]]; $config['c'] = $config['a']['b'] * 2;", m{"a": m{"b": int64(2)}, "c": int64(4)}},
		"where the file is":                          {"<?php return [__DIR__ . '/assets', 'a' . PHP_EOL];", m{"0": "./assets", "1": "a\n"}},
		"the same key once more":                     {"<?php return ['a' => 1, 'a' => 2];", m{"a": int64(2)}},
		"settings beside an array":                   {"<?php define('A', 1); $config = ['b' => A];", m{"a": int64(1), "b": int64(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadPHP("config.php", []byte(c.source))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(asMap(got), any(map[string]any(c.want))) {
				t.Errorf("read %v, want %v", asMap(got), c.want)
			}
		})
	}
}

// TestReadPHPRefusesCode checks that everything but values is an error with its line, and
// that errors do not show the content of strings.
func TestReadPHPRefusesCode(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		line   int
		what   string
	}{
		"no PHP":                         {"'a' => 1", 1, "does not begin with <?php"},
		"text before":                    {"\n<?php return [];", 1, "does not begin with <?php"},
		"text after":                     {"<?php return [];\n?>\nhello", 2, "text after ?>"},
		"a call":                         {"<?php\nreturn ['a' => getenv('SECRET')];", 2, `a call of "getenv": nothing is run`},
		"a call of a class":              {"<?php\nreturn [\nFoo::bar(1)];", 3, `a call of "Foo"`},
		"a new object":                   {"<?php return new Foo;", 1, `"new"`},
		"a condition":                    {"<?php\n\nif (true) { $config = []; }", 3, `"if": only values`},
		"an include":                     {"<?php include 'other.php';", 1, `"include": only values`},
		"an included value":              {"<?php return include 'other.php';", 1, `"include": only values`},
		"a function":                     {"<?php function f() {}", 1, `"function": only values`},
		"a closure":                      {"<?php return ['a' => function () {}];", 1, `a call of "function"`},
		"an echo":                        {"<?php echo 'sesame';", 1, `"echo": only values`},
		"a method":                       {"<?php $logger->push();", 1, `"->" after $logger`},
		"a variable without a value":     {"<?php return [$x];", 1, "$x, which has no value here"},
		"an element that does not exist": {"<?php $a = []; return [$a['sesame']];", 1, "an element that $a does not have"},
		"a variable in a string":         {"<?php $x = 1; return [\n\"sesame $x\"];", 2, "a variable inside a string"},
		"braces in a string":             {`<?php return ["sesame {$x}"];`, 1, "a variable inside a string"},
		"a heredoc":                      {"<?php return [<<<X\nsesame\nX];", 1, "a heredoc"},
		"backticks":                      {"<?php return `ls`;", 1, "backticks"},
		"an attribute":                   {"<?php #[Sesame]\nreturn [];", 1, "an attribute"},
		"a ternary":                      {"<?php return [true ? 1 : 2];", 1, `"?" after an element`},
		"a comparison":                   {"<?php return [1 == 2];", 1, `"==" after an element`},
		"another assignment":             {"<?php $a = 1;\n$a .= 'sesame';", 2, `".=" after $a`},
		"a spread":                       {"<?php return [...$a];", 1, `"..." where a value`},
		"a reference":                    {"<?php return [&$a];", 1, `"&" where a value`},
		"a string that does not end":     {"<?php return ['sesame", 1, "a string that does not end"},
		"a comment that does not end":    {"<?php /* sesame", 1, "a comment that does not end"},
		"no semicolon":                   {"<?php $a = 'x'\n$b = 2;", 2, `$b after a value`},
		"no comma":                       {"<?php return ['sesame' 'open'];", 1, "a string after an element"},
		"a key of a wrong kind":          {"<?php return [1.5 => 1];", 1, "a key that is neither"},
		"an array in a string":           {"<?php return ['a' . []];", 1, "a dot between"},
		"a sum of strings":               {"<?php return ['a' + 'b'];", 1, `"+" between values that are not numbers`},
		"a number that is too large":     {"<?php return [9007199254740993 * 9007199254740993];", 1, "too large"},
		"a bad octal":                    {"<?php return [089];", 1, "octal"},
		"a bad number":                   {"<?php return [12abc];", 1, "a number that cannot be read"},
		"a statement after return":       {"<?php return [1]; $a = 2;", 1, "$a after return"},
		"no array at all":                {"<?php $a = 1;", 1, "no array of settings"},
		"two arrays":                     {"<?php $a = [1]; $b = [2];", 1, "several arrays"},
		"no array is returned":           {"<?php return 1;", 1, "not an array"},
		"an element of no array":         {"<?php $a = 1; $a['b'] = 2;", 1, "not an array"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadPHP("config.php", []byte(c.source))
			var refused *Error
			if !errors.As(err, &refused) || refused.Line != c.line || !strings.Contains(refused.What, c.what) {
				t.Fatalf("error %v, want line %d and %q", err, c.line, c.what)
			}
			if strings.Contains(err.Error(), "sesame") {
				t.Errorf("the error shows the content of a string: %v", err)
			}
		})
	}
}

// bombs are files that are large, deep or slow to read without limits.
var bombs = map[string]string{
	"a string that doubles": "<?php $a = 'x'; " + strings.Repeat("$a = $a . $a; ", 60),
	"deep arrays":           "<?php return " + strings.Repeat("[", 100_000),
	"deep parentheses":      "<?php return [" + strings.Repeat("(", 100_000),
	"a long array":          "<?php return [" + strings.Repeat("1,", 100_000) + "];",
	"many elements":         "<?php " + strings.Repeat("$a[] = 1; ", 20_000),
	"a long product":        "<?php return [" + strings.Repeat("9*", 100_000) + "9];",
	"a long file":           "<?php " + strings.Repeat(" ", 1<<20),
	"many signs":            "<?php return [" + strings.Repeat("- ", 100_000) + "1];",
}

// TestHostileFilesNeedLittleMemory checks that bombs are refused with a readable error, and
// use little memory.
func TestHostileFilesNeedLittleMemory(t *testing.T) {
	for name, source := range bombs {
		t.Run(name, func(t *testing.T) {
			var err error
			hostile.Within(t, 512<<20, func() { _, err = ReadPHP("config.php", []byte(source)) })
			if err == nil {
				t.Fatal("the file was accepted")
			}
			hostile.CheckText(t, err.Error())
		})
	}
}

// FuzzReadPHP checks that any file is read or refused, and that the resulting settings are
// safe for a shell.
func FuzzReadPHP(f *testing.F) {
	for _, source := range []string{
		"<?php $config = ['pool_size' => 3, 'clone_bbb_secret' => 'it\\'s'];", "<?php return array('a' => -1.5e3 . \"\\u{e9}\", 7 => [true, NULL]);",
		"<?php define('A', 0x1f); const B = A * 2; $c['x'][] = B;", "\ufeff#!x\n<?php // ?>", "<?php return [__DIR__ . \\Foo::BAR];", "<?php\n'", "<?php /*",
	} {
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		config, err := ReadPHP("config.php", source)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) || refused.Line < 1 {
				t.Fatalf("error %v", err)
			}
			hostile.CheckText(t, err.Error())
			return
		}
		result := Translate(Files{Configs: []*Array{config}, Pool: "campus"})
		for line := range strings.SplitSeq(result.EnvFile(), "\n") {
			if line != "" && !strings.HasPrefix(line, "#") && !quotedLine.MatchString(line) {
				t.Fatalf("unquoted line %q", line)
			}
		}
	})
}

// quotedLine matches a setting whose whole value is quoted, so that a shell runs nothing.
var quotedLine = regexp.MustCompile("^DIVIMS_[A-Z0-9_]+=('[^']*'|\"(\\\\[\\\\\"$`]|[^\\\\\"$`])*\")$")
