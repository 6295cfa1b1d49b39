package samlsp

import "maps"

// Sources says which attribute each field of the mapping was read from, by the
// field's configuration key; "NameID" is the subject. Fields without a value are
// left out. It holds names alone, so it may be logged.
func (a *Assertion) Sources() map[string]string {
	m := a.idp.Attributes
	fields := map[string][]string{
		"email": a.emailSources(), "first_name": m.FirstName, "last_name": m.LastName, "username": m.Username,
		"roles": m.Roles, "employee_id": m.EmployeeID,
	}
	maps.Copy(fields, m.Extra)
	found := make(map[string]string)
	for field, sources := range fields {
		for _, source := range sources {
			if len(a.values([]string{source})) > 0 {
				found[field] = source
				break
			}
		}
	}
	return found
}
