package config

// Access says who may enter at all.
type Access struct {
	Provisioning      string     `yaml:"provisioning" default:"jit" oneof:"jit known_only scim_only"`
	KnownUsersFile    Path       `yaml:"known_users_file"`
	ReactivateOnLogin bool       `yaml:"reactivate_on_login" default:"false"`
	SCIM              AccessSCIM `yaml:"scim"`
}

// AccessSCIM names the file of SCIM tokens; empty means SCIM is off.
type AccessSCIM struct {
	TokensFile Path `yaml:"tokens_file"`
}
