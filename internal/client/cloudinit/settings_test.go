package cloudinit

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSourceFromText(t *testing.T) {
	for text, want := range map[string]Source{
		"storage:setup/cloud-init.yaml":  {Object: "setup/cloud-init.yaml"},
		"file:/etc/divims/my setup.yaml": {File: "/etc/divims/my setup.yaml"},
	} {
		var got Source
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "cloud-init.yaml", "storage:", "file:", "storage:/a", "storage:../a", "storage:a//b", "file:a\x00b", "https://example.com/a"} {
		if err := new(Source).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestSourceReadsItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cloud-init.yaml")
	if err := os.WriteFile(file, []byte("#cloud-config\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, err := (Source{File: file}).Read(); err != nil || string(content) != "#cloud-config\n" {
		t.Errorf("read %q, %v", content, err)
	}
}
