package testenv

import (
	"os"
	"os/exec"
	"testing"
)

// Command is one of samlgate's own commands, in the site's folder and with the
// site's configuration; token is for those that ask the admin listener.
func (s *Site) Command(t testing.TB, token string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), append(args, "--config", s.Path("config.yaml"))...)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), "SAMLGATE_ADMIN_TOKEN="+token)
	return cmd
}

// Samlgate is one of samlgate's commands that need no site, in a folder.
func Samlgate(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), args...)
	cmd.Dir = dir
	return cmd
}
