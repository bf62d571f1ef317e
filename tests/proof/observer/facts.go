package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// facts is what the process finds about itself.
func facts() fields {
	env := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	groups, _ := os.Getgroups()
	cwd, _ := os.Getwd()
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	space, _ := os.Readlink("/proc/self/ns/net")
	var addresses []string
	found, _ := net.InterfaceAddrs()
	for _, each := range found {
		addresses = append(addresses, each.String())
	}
	return fields{
		"argv": os.Args, "env": env, "uid": os.Getuid(), "gid": os.Getgid(), "groups": groups, "cwd": cwd,
		"umask": fmt.Sprintf("%04o", umask), "pid": os.Getpid(), "mem_limit": memoryLimit(),
		"privileged": isPrivileged(), "netns": space, "addresses": addresses,
	}
}

// memoryLimit is the limit of the control group in bytes, of version 2 or 1; nil without one.
func memoryLimit() any {
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		// Version 1 has a huge number in place of none.
		if err == nil && limit < 1<<60 {
			return limit
		}
	}
	return nil
}

// isPrivileged tells by the bounding set, which other users have too.
func isPrivileged() bool {
	const sysAdmin = 21
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if value, found := strings.CutPrefix(line, "CapBnd:"); found {
			set, _ := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			return set>>sysAdmin&1 == 1
		}
	}
	return false
}

// lookAround reports files, mounts, and marks; marks once more after a second.
func lookAround(log *eventLog, told directives) {
	for _, path := range told.reads {
		log.write("read", readFile(path))
	}
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for _, path := range told.stats {
		found := fields{"path": path, "mode": nil, "error": "not mounted"}
		if mode := mountMode(string(mounts), path); mode != "" {
			found["mode"], found["error"] = mode, nil
		}
		log.write("stat", found)
	}
	for _, folder := range told.marks {
		err := leaveMark(folder, log.host, told)
		report := func() {
			found := fields{"dir": folder, "writable": err == nil, "marks": readMarks(folder)}
			if err != nil {
				found["error"] = err.Error()
			}
			log.write("marks", found)
		}
		report()
		time.AfterFunc(time.Second, report)
	}
}

func readFile(path string) fields {
	about, err := os.Stat(path)
	if err != nil {
		return fields{"path": path, "error": err.Error()}
	}
	found := fields{"path": path, "mode": fmt.Sprintf("%04o", about.Sys().(*syscall.Stat_t).Mode&0o7777)}
	found["uid"], found["gid"] = about.Sys().(*syscall.Stat_t).Uid, about.Sys().(*syscall.Stat_t).Gid
	content, err := os.ReadFile(path)
	if err != nil {
		found["error"] = err.Error()
		return found
	}
	digest := sha256.Sum256(content)
	found["sha256"], found["size"] = hex.EncodeToString(digest[:]), len(content)
	if len(content) < 4096 && utf8.Valid(content) {
		found["text"] = string(content)
	}
	return found
}

// mountMode is `rw` or `ro` by the text of mountinfo; empty if nothing is mounted there.
func mountMode(mounts, path string) string {
	mode := ""
	unescaped := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for _, line := range strings.Split(mounts, "\n") {
		words := strings.Fields(line)
		// The last one covers those before.
		if len(words) > 5 && unescaped.Replace(words[4]) == filepath.Clean(path) {
			mode = words[5][:2]
		}
	}
	return mode
}

type mark struct {
	Name     string `json:"name"`
	Instance string `json:"instance"`
	Nonce    string `json:"nonce"`
	Data     string `json:"data"`
}

func leaveMark(folder, host string, told directives) error {
	text := asJSON(mark{told.name, host, nonce, told.data})
	// Other instances read it at any time.
	made := filepath.Join(folder, "."+nonce)
	if err := os.WriteFile(made, text, 0o666); err != nil {
		return err
	}
	return os.Rename(made, filepath.Join(folder, "mark."+nonce))
}

func readMarks(folder string) []mark {
	marks := []mark{}
	for _, name := range namesIn(folder, "mark.") {
		var one mark
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil && json.Unmarshal(text, &one) == nil {
			marks = append(marks, one)
		}
	}
	return marks
}

// namesIn lists the files of a folder whose names begin so, in their order. The folder's own name may be anything.
func namesIn(folder, begin string) []string {
	var names []string
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), begin) {
			names = append(names, entry.Name())
		}
	}
	return names
}
