package functionsapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits according to Scaleway's documentation. 100 variables is the limit of an
// older version of it; newer ones allow 200.
const (
	maxVariables   = 100
	maxValueLength = 1000  // characters
	maxSecretSize  = 65536 // bytes
)

// variables are environment variables by name. Their values must be strings.
type variables map[string]string

func (v *variables) UnmarshalJSON(text []byte) error {
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	*v = variables{}
	for name, value := range values {
		words, ok := value.(string)
		if !ok {
			return fmt.Errorf("the value of the environment variable %s is not a string", name)
		}
		(*v)[name] = words
	}
	return nil
}

// secret is a secret variable in a request. Without a value the variable is deleted.
type secret struct {
	Key   string  `json:"key"`
	Value *string `json:"value"`
}

// hashedSecret is a secret variable in a response.
type hashedSecret struct {
	Key   string `json:"key"`
	Value string `json:"hashed_value"`
}

// merge returns the secrets with changes. It keeps secrets that changes does not name.
func (v variables) merge(changes []secret) variables {
	merged := variables{}
	for name, value := range v {
		merged[name] = value
	}
	for _, change := range changes {
		if change.Value == nil {
			delete(merged, change.Key)
		} else {
			merged[change.Key] = *change.Value
		}
	}
	return merged
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check returns an error for variables that a function cannot have. secrets are its
// secret variables.
func (v variables) check(secrets variables) error {
	for name, value := range v {
		if n := utf8.RuneCountInString(value); n > maxValueLength {
			return invalid("environment variable %s has %d characters, more than %d", name, n, maxValueLength)
		}
		if _, twice := secrets[name]; twice {
			return invalid("environment variable %s is also a secret", name)
		}
	}
	for name, value := range secrets {
		if len(value) > maxSecretSize {
			return invalid("secret %s has %d bytes, more than %d", name, len(value), maxSecretSize)
		}
	}
	for _, some := range []variables{v, secrets} {
		if len(some) > maxVariables {
			return invalid("%d environment variables are more than %d", len(some), maxVariables)
		}
		for name := range some {
			if !variableName.MatchString(name) || strings.HasPrefix(name, "SCW_") {
				return invalid("environment variable name %q is invalid or reserved", name)
			}
		}
	}
	return nil
}

// environment returns the variables and the secrets as sorted NAME=value.
func (v variables) environment(secrets variables) []string {
	environment := []string{}
	for _, some := range []variables{v, secrets} {
		for name, value := range some {
			environment = append(environment, name+"="+value)
		}
	}
	slices.Sort(environment)
	return environment
}
