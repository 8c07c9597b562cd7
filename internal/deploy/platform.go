package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"

	sdk "github.com/scaleway/scaleway-sdk-go/api/function/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// Account says where and as whom functions are deployed.
type Account struct {
	Project, Region string
	Key             pool.Secret
	// API is the address of the API, without its path; empty for Scaleway's own.
	API string
	// Namespace is the name of the namespace.
	Namespace string
}

// functionsPath is the path of the API, which a region follows.
const functionsPath = "/functions/v1beta1/regions/"

// ReadAccount reads the variables that Scaleway's plugin reads, or scw's configuration.
func ReadAccount(namespace string) (Account, error) {
	a := Account{
		Project: os.Getenv("SCW_DEFAULT_PROJECT_ID"), Key: pool.NewSecret(os.Getenv("SCW_SECRET_KEY")),
		Region: cmp.Or(os.Getenv("SCW_REGION"), "fr-par"), Namespace: namespace,
	}
	if !a.Key.IsSet() || a.Project == "" {
		if err := a.readConfig(); err != nil {
			return a, err
		}
	}
	if address := os.Getenv("SCW_FUNCTION_URL"); address != "" {
		api, region, found := strings.Cut(strings.TrimRight(address, "/"), functionsPath)
		if !found {
			return a, fmt.Errorf("SCW_FUNCTION_URL must end with %sREGION", functionsPath)
		}
		a.API, a.Region = api, region
	}
	return a, nil
}

// readConfig takes what the environment lacks from the active profile of scw.
func (a *Account) readConfig() error {
	missing := errors.New("set SCW_SECRET_KEY and SCW_DEFAULT_PROJECT_ID: a key with FunctionsFullAccess, and the Project of the functions")
	c, err := scw.LoadConfig()
	if err != nil {
		return missing
	}
	p, err := c.GetActiveProfile()
	if err != nil {
		return fmt.Errorf("read the configuration of scw: %w", err)
	}
	if !a.Key.IsSet() && p.SecretKey != nil {
		a.Key = pool.NewSecret(*p.SecretKey)
	}
	if a.Project == "" && p.DefaultProjectID != nil {
		a.Project = *p.DefaultProjectID
	}
	if !a.Key.IsSet() || a.Project == "" {
		return missing
	}
	return nil
}

// platform is Scaleway's Functions.
type platform struct {
	api       *sdk.API
	region    scw.Region
	project   string
	namespace string
}

// newPlatform returns a client. The SDK wants an access key, but does not send it.
func newPlatform(a Account) (*platform, error) {
	options := []scw.ClientOption{
		scw.WithAuth("SCWXXXXXXXXXXXXXXXXX", a.Key.Reveal()), scw.WithUserAgent("divims"), scw.WithHTTPClient(&http.Client{Timeout: callTimeout}),
	}
	if a.API != "" {
		options = append(options, scw.WithAPIURL(a.API))
	}
	client, err := scw.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("connect to Scaleway: %w", err)
	}
	return &platform{sdk.NewAPI(client), scw.Region(a.Region), a.Project, a.Namespace}, nil
}

// functions returns the functions of the namespace, none if it does not exist yet.
func (p *platform) functions(ctx context.Context) ([]*sdk.Function, error) {
	list, err := p.api.ListNamespaces(&sdk.ListNamespacesRequest{Region: p.region, ProjectID: &p.project, Name: &p.namespace}, scw.WithContext(ctx), scw.WithAllPages())
	if err != nil {
		return nil, fmt.Errorf("read the namespaces: %w", err)
	}
	for _, n := range list.Namespaces {
		if n.Name != p.namespace {
			continue
		}
		found, err := p.api.ListFunctions(&sdk.ListFunctionsRequest{Region: p.region, NamespaceID: n.ID}, scw.WithContext(ctx), scw.WithAllPages())
		if err != nil {
			return nil, fmt.Errorf("read the functions: %w", err)
		}
		return found.Functions, nil
	}
	return nil, nil
}

// crons returns the crons of a function, without those that are being deleted.
func (p *platform) crons(ctx context.Context, functionID string) ([]*sdk.Cron, error) {
	list, err := p.api.ListCrons(&sdk.ListCronsRequest{Region: p.region, FunctionID: functionID}, scw.WithContext(ctx), scw.WithAllPages())
	if err != nil {
		return nil, fmt.Errorf("read the crons: %w", err)
	}
	var there []*sdk.Cron
	for _, c := range list.Crons {
		if c.Status != sdk.CronStatusDeleting {
			there = append(there, c)
		}
	}
	return there, nil
}

func (p *platform) createCron(ctx context.Context, functionID, schedule string) error {
	args := scw.JSONObject{}
	for name, value := range cronInput {
		args[name] = value
	}
	_, err := p.api.CreateCron(&sdk.CreateCronRequest{Region: p.region, FunctionID: functionID, Schedule: schedule, Args: &args}, scw.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("create the cron: %w", err)
	}
	return nil
}

func (p *platform) deleteCron(ctx context.Context, id string) error {
	_, err := p.api.DeleteCron(&sdk.DeleteCronRequest{Region: p.region, CronID: id}, scw.WithContext(ctx))
	if err != nil && !isGone(err) {
		return fmt.Errorf("delete a cron: %w", err)
	}
	return nil
}

func (p *platform) deleteFunction(ctx context.Context, id string) error {
	_, err := p.api.DeleteFunction(&sdk.DeleteFunctionRequest{Region: p.region, FunctionID: id}, scw.WithContext(ctx))
	if err != nil && !isGone(err) {
		return fmt.Errorf("delete the function: %w", err)
	}
	return nil
}

// isRight reports whether a cron calls as the pool needs it.
func isRight(c *sdk.Cron, schedule string) bool {
	args := map[string]any{}
	if c.Args != nil {
		args = *c.Args
	}
	want := map[string]any{}
	for name, value := range cronInput {
		want[name] = value
	}
	return c.Schedule == schedule && c.Status != sdk.CronStatusError && reflect.DeepEqual(args, want)
}

func isGone(err error) bool {
	_, gone := errors.AsType[*scw.ResourceNotFoundError](err)
	return gone
}

// isBusy reports whether the same call may succeed later.
func isBusy(err error) bool {
	if _, transient := errors.AsType[*scw.TransientStateError](err); transient {
		return true
	}
	if answer, ok := errors.AsType[*scw.ResponseError](err); ok {
		return answer.StatusCode == http.StatusConflict || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= http.StatusInternalServerError
	}
	_, lost := errors.AsType[*url.Error](err)
	return lost && !errors.Is(err, context.Canceled)
}
