package pool

import "fmt"

// identities says which machines are which server's, by server number.
type identities struct {
	machines map[int][]*Machine
	// contradictions has the reason why it is not known which machine is a server's.
	contradictions map[int]string
}

// claim is one mark of a machine that names a server.
type claim struct {
	server int
	// mark is what names the server: "its name", "its tag divims-server-3".
	mark string
}

// identify finds the machines of all servers. A machine is its server's by its name. If
// its tag or that of one of its addresses names another server, or its name is no
// server's, somebody has renamed or moved it: then all servers that it names have a
// contradiction. An adopted machine has no tags, which is none.
func identify(servers []Server, machines Reading[[]Machine]) identities {
	found := identities{machines: map[int][]*Machine{}, contradictions: map[int]string{}}
	numbers := make(map[string]int, len(servers))
	for _, server := range servers {
		numbers[server.Hostname] = server.Number
	}
	all, _ := machines.Get()
	for i := range all {
		claims := claims(all[i], numbers)
		if why := contradiction(all[i], claims, numbers); why != "" {
			for _, claim := range claims {
				found.contradictions[claim.server] = why
			}
		} else if len(claims) > 0 {
			number := claims[0].server
			found.machines[number] = append(found.machines[number], &all[i])
		}
	}
	return found
}

// claims returns what names a machine's server. numbers are those of the pool's host
// names.
func claims(machine Machine, numbers map[string]int) []claim {
	var list []claim
	if number, ok := numbers[machine.Name]; ok {
		list = append(list, claim{number, "its name"})
	}
	for _, tag := range machine.Tags {
		if number, ok := ServerOfTag(tag); ok {
			list = append(list, claim{number, "its tag " + tag})
		}
	}
	for _, address := range machine.Addresses {
		for _, tag := range address.Tags {
			if number, ok := ServerOfTag(tag); ok {
				list = append(list, claim{number, fmt.Sprintf("the tag %s of its address %s", tag, address.IP)})
			}
		}
	}
	return list
}

// contradiction returns why a machine's claims contradict each other or its name, or "".
// A machine whose name and tags are of no server of the pool is none of its servers'.
func contradiction(machine Machine, claims []claim, numbers map[string]int) string {
	if len(claims) == 0 {
		return ""
	}
	first := claims[0]
	for _, other := range claims[1:] {
		if other.server != first.server {
			return fmt.Sprintf("machine %s (%s): %s says server %d, but %s says server %d",
				machine.Name, machine.ID, first.mark, first.server, other.mark, other.server)
		}
	}
	if _, named := numbers[machine.Name]; !named {
		return fmt.Sprintf("machine %s (%s): %s says server %d, but its name is another",
			machine.Name, machine.ID, first.mark, first.server)
	}
	return ""
}
