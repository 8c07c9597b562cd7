package functionsapi

import (
	"net/http"
	"slices"
)

// domain is a further domain of a function.
type domain struct {
	ID       string `json:"id"`
	Hostname string `json:"hostname"`
	Function string `json:"function_id"`
	Status   string `json:"status"`
}

func (p *Platform) listDomains(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.URL.Query().Get("function_id"))
	if err != nil {
		return nil, err
	}
	return pageOf(r, "domains", p.domainsOf(f)), nil
}

func (p *Platform) domainsOf(f *function) []*domain {
	return slices.DeleteFunc(slices.Clone(p.domains), func(d *domain) bool { return d.Function != f.id })
}

func (p *Platform) createDomain(_ *http.Request, body []byte) (any, error) {
	d := &domain{ID: newID(), Status: "ready"}
	if err := decode(body, d); err != nil {
		return nil, err
	}
	if _, err := p.function(d.Function); err != nil {
		return nil, err
	}
	p.domains = append(p.domains, d)
	return *d, nil
}

func (p *Platform) deleteDomain(r *http.Request, _ []byte) (any, error) {
	i := slices.IndexFunc(p.domains, func(d *domain) bool { return d.ID == r.PathValue("id") })
	if i < 0 {
		return nil, notFound("domain", r.PathValue("id"))
	}
	gone := *p.domains[i]
	p.domains = slices.Delete(p.domains, i, i+1)
	return gone, nil
}
