package main

import "testing"

// What outlives the process lies where systemd says, else beside the file.
func TestStateFolder(t *testing.T) {
	for _, c := range [][3]string{
		{"", "/etc/samlgate/config.yaml", "/etc/samlgate"}, {"", "config.yaml", "."}, {"", "-", ""},
		{"/var/lib/samlgate", "/etc/samlgate/config.yaml", "/var/lib/samlgate"}, {"/var/lib/a:/var/lib/b", "-", "/var/lib/a"},
	} {
		t.Setenv("STATE_DIRECTORY", c[0])
		if got := stateFolder(c[1]); got != c[2] {
			t.Errorf("%q with %s: %q, wanted %q", c[0], c[1], got, c[2])
		}
	}
}
