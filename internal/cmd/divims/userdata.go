package main

import "github.com/spf13/cobra"

func newUserData() *cobra.Command {
	return &cobra.Command{
		Use:   "user-data SERVER",
		Short: "Print the cloud-init document of a server's next machine",
		Long: `Print the cloud-init document that a server's next machine gets. The settings come from
DIVIMS_ environment variables.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			p, err := openPool(cmd)
			if err != nil {
				return err
			}
			server, err := serverOf(p, arguments[0])
			if err != nil {
				return err
			}
			document, err := p.UserData(cmd.Context(), server)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(document)
			}
			if err != nil {
				return runError{err}
			}
			return nil
		},
	}
}
