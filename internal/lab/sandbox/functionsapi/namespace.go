package functionsapi

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// namespace contains functions. It becomes ready after the first GET.
type namespace struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	Region       string         `json:"region"`
	Project      string         `json:"project_id"`
	Organization string         `json:"organization_id"`
	Status       string         `json:"status"`
	Error        *string        `json:"error_message"`
	Description  string         `json:"description"`
	Variables    variables      `json:"environment_variables"`
	Secrets      []hashedSecret `json:"secret_environment_variables"`
	Tags         []struct{}     `json:"tags"`
}

// namespaceRequest is a request to create or update a namespace.
type namespaceRequest struct {
	Name      string    `json:"name"`
	Project   string    `json:"project_id"`
	Variables variables `json:"environment_variables"`
	Secrets   []secret  `json:"secret_environment_variables"`
}

var namespaceName = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

func (p *Platform) listNamespaces(r *http.Request, _ []byte) (any, error) {
	query := r.URL.Query()
	if project := query.Get("project_id"); project != p.config.Project {
		return nil, permissionDenied(project)
	}
	found := slices.DeleteFunc(slices.Clone(p.namespaces), func(n *namespace) bool {
		return query.Has("name") && n.Name != query.Get("name")
	})
	return pageOf(r, "namespaces", found), nil
}

func (p *Platform) createNamespace(_ *http.Request, body []byte) (any, error) {
	var request namespaceRequest
	if err := decode(body, &request); err != nil {
		return nil, err
	}
	switch {
	case request.Project != p.config.Project:
		return nil, permissionDenied(request.Project)
	case !namespaceName.MatchString(request.Name):
		return nil, invalid("namespace name must begin with a letter, followed by letters, numbers or hyphens, and end with a letter or number")
	case len(request.Variables)+len(request.Secrets) > 0:
		return nil, invalid("variables of a namespace reach its functions too late; put them on the function")
	case slices.ContainsFunc(p.namespaces, func(n *namespace) bool { return n.Name == request.Name }):
		return nil, &apiError{http.StatusConflict, map[string]any{"message": "namespace already exists"}}
	}
	n := &namespace{
		ID: newID(), Name: request.Name, Region: region, Project: request.Project, Organization: request.Project,
		Status: "pending", Variables: variables{}, Secrets: []hashedSecret{}, Tags: []struct{}{},
	}
	p.namespaces = append(p.namespaces, n)
	return *n, nil
}

func (p *Platform) getNamespace(r *http.Request, _ []byte) (any, error) {
	n, err := p.namespace(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	answer := *n
	n.Status = "ready"
	return answer, nil
}

// updateNamespace changes nothing. The plugin calls it at the end of every deployment.
func (p *Platform) updateNamespace(r *http.Request, body []byte) (any, error) {
	n, err := p.namespace(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var request namespaceRequest
	if err := decode(body, &request); err != nil {
		return nil, err
	}
	if len(request.Variables)+len(request.Secrets) > 0 {
		return nil, invalid("variables of a namespace reach its functions too late; put them on the function")
	}
	return *n, nil
}

func (p *Platform) namespace(id string) (*namespace, error) {
	i := slices.IndexFunc(p.namespaces, func(n *namespace) bool { return n.ID == id })
	if i < 0 {
		return nil, notFound("namespace", id)
	}
	return p.namespaces[i], nil
}

func permissionDenied(project string) error {
	return &apiError{http.StatusForbidden, map[string]any{
		"type": "permissions_denied", "message": fmt.Sprintf("insufficient permissions for project %q", project),
	}}
}

// pageSize is the default size of a page. The plugin requests no other size and no other
// page than the first.
const pageSize = 20

// pageOf returns the page of a list that a request asks for. The list is never null.
func pageOf[T any](r *http.Request, name string, all []T) map[string]any {
	number, size := max(1, numberIn(r, "page")), numberIn(r, "page_size")
	if size < 1 {
		size = pageSize
	}
	begin := min((number-1)*size, len(all))
	return map[string]any{name: append([]T{}, all[begin:min(begin+size, len(all))]...), "total_count": len(all)}
}

// numberIn returns a number of a request's query, 0 if it has none.
func numberIn(r *http.Request, name string) int {
	number, _ := strconv.Atoi(r.URL.Query().Get(name))
	return number
}
