package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"divims/internal/config"
	"divims/internal/config/setting"
	"divims/internal/lab/scenario"
)

// settingsKey is the context key of the settings that a command uses instead of those
// of the environment.
type settingsKey struct{}

// withSettings returns a context in which commands use these settings instead of those
// of the environment.
func withSettings(ctx context.Context, settings config.Settings) context.Context {
	return context.WithValue(ctx, settingsKey{}, settings)
}

// scenarioName is the reason and the author of orders that a scenario gives without them.
const scenarioName = "scenario"

// operate runs an order of the command line, for example "force 8 --for 4h", on the pool of
// these settings. It adds a reason and an author if the order has none. While an evaluation
// holds the lease, it waits.
func operate(ctx context.Context, settings config.Settings, order string, out io.Writer) error {
	arguments, err := parseOrder(order) //nolint:contextcheck // it runs no command
	if err != nil {
		return fmt.Errorf("order %q: %w", order, err)
	}
	settings.Function.LogLevel = slog.LevelWarn // the order's own line says what it changed
	root := newRoot()                           //nolint:contextcheck // commands get the context from ExecuteContext
	root.SetArgs(arguments)
	root.SetOut(out)
	root.SetErr(out)
	if err := root.ExecuteContext(withSettings(ctx, settings)); err != nil {
		return fmt.Errorf("order %q: %w", order, err)
	}
	return nil
}

// parseOrder returns the arguments of an order, with a reason and an author. It returns
// an error if the text is not an order or has wrong arguments.
func parseOrder(order string) ([]string, error) {
	arguments, err := splitWords(order)
	if err != nil {
		return nil, err
	}
	cmd, rest, err := newRoot().Find(arguments)
	if err != nil {
		return nil, err
	}
	if cmd.Flags().Lookup("author") == nil {
		return nil, errors.New("it is not an order of an operator, such as force, pause or maintenance start")
	}
	for _, name := range []string{"reason", "author"} {
		if !givesFlag(rest, name) {
			arguments, rest = append(arguments, "--"+name, scenarioName), append(rest, "--"+name, scenarioName)
		}
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return nil, err
	}
	return arguments, errors.Join(checkNumbers(cmd.Flags().Args()), cmd.ValidateArgs(cmd.Flags().Args()), cmd.ValidateRequiredFlags())
}

// checkNumbers returns an error for an argument that is not a number. The arguments of
// all orders are numbers of servers.
func checkNumbers(arguments []string) error {
	for _, argument := range arguments {
		if _, err := setting.ParseNumber(argument); err != nil {
			return fmt.Errorf("%q %w", argument, err)
		}
	}
	return nil
}

// givesFlag reports whether the arguments have a flag.
func givesFlag(arguments []string, name string) bool {
	for _, argument := range arguments {
		if argument == "--"+name || strings.HasPrefix(argument, "--"+name+"=") {
			return true
		}
	}
	return false
}

// splitWords splits a text at its blanks. Quotes, single or double, keep blanks within a
// word.
func splitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	begun, quote := false, rune(0)
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case r == ' ' || r == '\t':
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	if begun {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("it is empty")
	}
	return words, nil
}

// eventCheck returns a function that checks the orders and settings of a scenario's events,
// in the order of their lines. A setting is checked together with environ and those of the
// lines before it.
func eventCheck(environ []string) func(*scenario.Event) error {
	return func(event *scenario.Event) error {
		switch event.Kind {
		case "operator":
			_, err := parseOrder(event.Values["do"])
			return err
		case "setting":
			changed, err := deploySetting(environ, event.Values["set"])
			if err == nil {
				environ = changed
			}
			return err
		}
		return nil
	}
}

// deploySetting returns the environment with another setting, NAME=VALUE without DIVIMS_.
// It returns an error if the function could not be deployed with it.
func deploySetting(environ []string, set string) ([]string, error) {
	if !strings.Contains(set, "=") {
		return nil, fmt.Errorf("%q must be NAME=VALUE, for example MAX_CREATIONS=50", set)
	}
	changed := append(slices.Clip(environ), "DIVIMS_"+strings.TrimPrefix(set, "DIVIMS_"))
	_, err := config.Load(changed)
	return changed, err
}
