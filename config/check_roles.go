package config

// roleSync wants a place for what first_login has to remember: one that
// outlives the process, and a key of its own, as those of the cookies are
// changed by whoever wants everybody to sign in again.
func (c *checker) roleSync(path string, p *IDP) {
	at := path + ".roles.sync"
	if p.Roles.Sync != "first_login" || c.unknown(at) {
		return
	}
	s := c.cfg.Store
	if s.Driver == "embedded" && s.Embedded.Path == "" && !c.unknown("store.driver") && !c.unknown("store.embedded.path") {
		c.mistake(at, "first_login has to remember people's roles, and this store forgets them at a restart: it needs store.driver: redis")
	}
	if len(s.EncryptionKeys) == 0 && !c.unknown("store.encryption_keys") {
		c.mistake(at, "first_login has to remember people's roles, sealed with a key that lasts: it needs store.encryption_keys")
	}
}
