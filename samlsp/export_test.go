package samlsp

// SwitchOff makes sp pass over whatever these checks would refuse. What becomes
// of a message then is up to the code behind each check.
func SwitchOff(sp *ServiceProvider, checks ...Reason) {
	sp.off = make(map[Reason]bool)
	for _, c := range checks {
		sp.off[c] = true
	}
}
