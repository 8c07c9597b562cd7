package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"divims/internal/deploy"
)

const deployHelp = `Deploy every pool of pools/NAME.env as the function NAME, with osls and Scaleway's plugin,
which task deploy installs. It takes these steps:

1. Read all files, and check all settings. If one is wrong, nothing is sent.
2. Run osls deploy. It prints no secrets.
3. Check that every function is ready and has exactly its one cron trigger. Crons are
   corrected; for everything else it says what to do. Functions without a file are named.

The settings of the group Deployment say what the functions are like. The key and the
Project are those of SCW_SECRET_KEY and SCW_DEFAULT_PROJECT_ID, or of the profile of scw.
SCW_REGION is the region.

Arguments after -- are passed to osls.`

const deployExample = `  task deploy
  task deploy -- --check
  task deploy -- --remove school
  task deploy -- --pools north --namespace divims-north`

// deploying is the command with its flags and outputs.
type deploying struct {
	pools, namespace, remove       string
	check, verify, functions, json bool
	out, progress                  io.Writer
}

func newDeploy() *cobra.Command {
	var d deploying
	cmd := &cobra.Command{
		Use:     "deploy [-- OSLS-ARGUMENT...]",
		Short:   "Deploy the pools as functions, and check what is deployed",
		Long:    deployHelp,
		Example: deployExample,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if cmd.ArgsLenAtDash() != 0 && len(arguments) > 0 {
				return fmt.Errorf("%q: arguments for osls come after --", arguments[0])
			}
			d.json, d.out, d.progress = asJSON(cmd), cmd.OutOrStdout(), cmd.ErrOrStderr()
			err := d.run(cmd, arguments)
			var problems deploy.Problems
			if errors.As(err, &problems) {
				return usageError{err}
			}
			if err != nil {
				return runError{err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&d.pools, "pools", "pools", "folder of the pools' files")
	flags.StringVar(&d.namespace, "namespace", "divims", "namespace of the functions; more than 20 pools need several")
	flags.BoolVar(&d.check, "check", false, "only check the files; send nothing")
	flags.BoolVar(&d.verify, "verify", false, "only check and correct what is deployed")
	flags.StringVar(&d.remove, "remove", "", "delete the function `NAME` with its cron trigger instead; its file must be gone")
	flags.BoolVar(&d.functions, "functions", false, "print the functions for serverless.yml, secrets included, and send nothing")
	cmd.MarkFlagsMutuallyExclusive("check", "verify", "remove", "functions")
	return cmd
}

func (d deploying) run(cmd *cobra.Command, arguments []string) error {
	ctx := cmd.Context()
	if d.remove != "" {
		return d.removeFunction(cmd)
	}
	pools, err := deploy.Read(ctx, d.pools, d.progress)
	if err != nil {
		return err
	}
	switch {
	case d.functions:
		text, err := deploy.Functions(pools)
		if err == nil {
			_, err = d.out.Write(text)
		}
		return err
	case d.check:
		var results []deploy.Result
		for _, p := range pools {
			results = append(results, deploy.Result{Name: p.Name, Schedule: p.Schedule})
		}
		return d.show(results)
	}
	account, err := deploy.ReadAccount(d.namespace)
	if err != nil {
		return err
	}
	deployment := deploy.Deployment{Account: account, Pools: pools, Arguments: arguments, Progress: d.progress, Pause: sleep}
	do := deployment.Deploy
	if d.verify {
		do = deployment.Verify
	}
	results, err := do(ctx)
	return errors.Join(err, d.show(results))
}

// removeFunction deletes a function whose file is gone.
func (d deploying) removeFunction(cmd *cobra.Command) error {
	account, err := deploy.ReadAccount(d.namespace)
	if err != nil {
		return err
	}
	if deploy.HasFile(d.pools, d.remove) {
		return fmt.Errorf("%s has the file of this pool: move it away first, or the next deployment creates the function again", d.pools)
	}
	deployment := deploy.Deployment{Account: account, Progress: d.progress, Pause: sleep}
	if err := deployment.Remove(cmd.Context(), d.remove); err != nil {
		return fmt.Errorf("remove %s: %w", d.remove, err)
	}
	_, err = fmt.Fprintf(d.out, "%s is deleted. Its machines, addresses and entries, and its state in the bucket, are still there.\n", d.remove)
	return err
}

// show prints the results. It returns an error if one has a problem.
func (d deploying) show(results []deploy.Result) error {
	if d.json {
		if err := json.NewEncoder(d.out).Encode(results); err != nil {
			return err
		}
	}
	var wrong []string
	for _, r := range results {
		line := fmt.Sprintf("%s: its settings are right, its cron is %q", r.Name, r.Schedule)
		switch {
		case r.Problem != "":
			wrong = append(wrong, r.Name)
			line = fmt.Sprintf("%s: %s", r.Name, r.Problem)
		case r.URL != "":
			line = fmt.Sprintf("%s: ready at %s, its cron is %q", r.Name, r.URL, r.Schedule)
		}
		if d.json {
			continue
		}
		if _, err := fmt.Fprintln(d.out, line); err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("not everything is in order: %s", strings.Join(wrong, ", "))
	}
	return nil
}
