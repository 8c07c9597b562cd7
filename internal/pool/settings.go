package pool

// Settings name a pool and its servers.
type Settings struct {
	Name             string `envconfig:"POOL" group:"The pool" required:"true" match:"pool name" example:"campus" desc:"name of the pool: 1 to 40 of a-z, 0-9 and -"`
	HostnameTemplate string `envconfig:"HOSTNAME_TEMPLATE" required:"true" match:"template" example:"bbb-w{n}" desc:"machine name of a server; {n} is its number"`
	DomainTemplate   string `envconfig:"DOMAIN_TEMPLATE" required:"true" match:"domain template" example:"bbb-w{n}.example.com" desc:"domain of a server; {n} is its number"`
}
