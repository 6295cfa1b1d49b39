package testenv

// PersonInfo is one person whom SimpleSAMLphp knows, with a password.
type PersonInfo struct {
	Login, Password    string
	Email, First, Last string
	EmployeeID         string
	Roles              []string
}

// The people of the test company. Carla's role keeps her out.
var (
	Ana   = PersonInfo{Login: "ana", Password: "ana-pass-1", Email: "ana@example.com", First: "Ana", Last: "Müller-Núñez", EmployeeID: "1001", Roles: []string{"Employee", "Wiki Editor"}}
	Bob   = PersonInfo{Login: "bob", Password: "bob-pass-2", Email: "bob@example.com", First: "Bob", Last: "Bauer", EmployeeID: "1002", Roles: []string{"contractor"}}
	Carla = PersonInfo{Login: "carla", Password: "carla-pass-3", Email: "carla@example.com", First: "Carla", Last: "陳", EmployeeID: "1003", Roles: []string{"Restricted"}}
)

// People returns everybody whom SimpleSAMLphp knows.
func People() []PersonInfo { return []PersonInfo{Ana, Bob, Carla} }
