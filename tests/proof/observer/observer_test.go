package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDirectivesAreRead(t *testing.T) {
	t.Setenv("OPEN_A", "udp:b:53")
	told := readDirectives([]string{"--name=a", "--listen=tcp:80", "--health=/x:y:81", "--exit=3:0.5", "--open=tcp:c 5", "other"})
	if told.name != "a" || told.listens[0] != (address{"tcp", 80}) || told.health[0] != (address{"/x:y", 81}) {
		t.Errorf("%+v", told)
	}
	if *told.exit != (ending{3, 500 * time.Millisecond}) {
		t.Errorf("%+v", told.exit)
	}
	if told.opens[0] != (open{5, "tcp:c 5"}) || told.opens[1] != (open{"OPEN_A", "udp:b:53"}) {
		t.Errorf("%+v", told.opens)
	}
}

func TestLongEventsAreWrittenInPieces(t *testing.T) {
	var out bytes.Buffer
	long := strings.Repeat("ä\n", 9000)
	newLog(&out, "a").write("start", fields{"argv": []string{long}})
	text := ""
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if len(line) > longest {
			t.Fatalf("a line of %d bytes", len(line))
		}
		var piece struct {
			Part string `json:"part"`
		}
		if err := json.Unmarshal([]byte(line), &piece); err != nil {
			t.Fatal(err)
		}
		text += piece.Part
	}
	var whole struct {
		Argv []string `json:"argv"`
	}
	if err := json.Unmarshal([]byte(text), &whole); err != nil || whole.Argv[0] != long {
		t.Errorf("the pieces are another event: %v", err)
	}
}

func TestModesOfMounts(t *testing.T) {
	text := "1 2 0:1 / /data rw,relatime - ext4 /dev/x rw\n3 4 0:1 / /a\\040b ro - ext4 /dev/x rw\n"
	for path, expected := range map[string]string{"/data": "rw", "/a b": "ro", "/none": ""} {
		if mode := mountMode(text, path); mode != expected {
			t.Errorf("%s: %q", path, mode)
		}
	}
}

func TestHealthBeginsAndEnds(t *testing.T) {
	after := 40 * time.Millisecond
	once := filepath.Join(t.TempDir(), "once")
	told := directives{healthyAfter: 20 * time.Millisecond, unhealthyAfter: &after, once: once}
	var out bytes.Buffer
	newHealth(told, time.Now()).follow(newLog(&out, "a"))
	newHealth(told, time.Now()).follow(newLog(&out, "a"))
	states := ""
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		states += map[bool]string{true: "+", false: "-"}[strings.Contains(line, `"healthy":true`)]
	}
	// The second time, there is the file of --once.
	if states != "-+--+" {
		t.Error(states)
	}
}

func TestRunsAreCounted(t *testing.T) {
	told := directives{name: "a", count: filepath.Join(t.TempDir(), "a[*\\")}
	first := countRun(told)
	nonce = newNonce()
	if second := countRun(told); first != 0 || second != 1 {
		t.Error(first, second)
	}
}

func TestPortsAnswer(t *testing.T) {
	log := newLog(&bytes.Buffer{}, "a")
	state := newHealth(directives{}, time.Now())
	own := answer{"a", nonce, 0, ""}
	for protocol, port := range map[string]int{"tcp": 28431, "udp": 28432, "http": 28433, "https": 28434} {
		own.Protocol, own.Port = protocol, port
		switch protocol {
		case "tcp":
			go listenTCP(log, state, own, true)
		case "udp":
			go listenUDP(log, own)
		default:
			go listenHTTP(log, state, own, nil)
		}
		var found answer
		for tries := 0; tries < 50 && found != own; tries++ {
			found, _ = ask(strings.Replace("P:127.0.0.1:", "P", protocol, 1) + string(asJSON(port)))
			time.Sleep(20 * time.Millisecond)
		}
		if found != own {
			t.Errorf("%s: %+v", protocol, found)
		}
	}
}

func TestRunEndsWhenAllHaveAnswered(t *testing.T) {
	answered := make(chan struct{})
	over := runEnd(time.Now(), answered)
	select {
	case <-over:
		t.Error("it ended without an answer")
	case <-time.After(50 * time.Millisecond):
	}
	close(answered)
	select {
	case <-over:
	case <-time.After(5 * time.Second):
		t.Error("it goes on after the answer")
	}
}
