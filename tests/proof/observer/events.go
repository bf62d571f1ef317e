package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

type fields map[string]any

// Engines cut longer lines.
const longest = 8000

// What tells this process from all others.
var nonce = newNonce()

func newNonce() string {
	random := make([]byte, 8)
	rand.Read(random)
	return hex.EncodeToString(random)
}

// eventLog writes events, one JSON object a line.
type eventLog struct {
	mutex sync.Mutex
	to    io.Writer
	name  string
	host  string
}

func newLog(to io.Writer, name string) *eventLog {
	host, _ := os.Hostname()
	return &eventLog{to: to, name: name, host: host}
}

func (log *eventLog) write(event string, what fields) {
	line := fields{"observer": 1, "name": log.name, "nonce": nonce, "host": log.host, "t": bootTime(), "event": event}
	for name, value := range what {
		line[name] = value
	}
	text := asJSON(line)
	log.mutex.Lock()
	defer log.mutex.Unlock()
	if len(text) <= longest {
		log.to.Write(append(text, '\n'))
		return
	}
	// The text of the event in pieces, which a reader puts together again.
	runes := []rune(string(text))
	for at := 0; at < len(runes); at += longest / 8 {
		piece := string(runes[at:min(at+longest/8, len(runes))])
		part := asJSON(fields{"observer": 1, "nonce": nonce, "part": piece, "last": at+longest/8 >= len(runes)})
		log.to.Write(append(part, '\n'))
	}
}

func asJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// bootTime is the time since the machine was started, which all containers of a machine share, in seconds.
func bootTime() float64 {
	const clockBoottime = 7
	var now syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&now)), 0)
	return float64(now.Sec) + float64(now.Nsec)/1e9
}
