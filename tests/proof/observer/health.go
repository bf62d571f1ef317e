package main

import (
	"encoding/json"
	"net"
	"os"
	"sync"
	"time"
)

// health is whether the container is healthy, and which outcomes were told to whom.
type health struct {
	mutex   sync.Mutex
	healthy bool
	told    map[string]bool
	// When it becomes healthy, and when it no longer is; nil for never.
	from time.Time
	to   *time.Time
	once string
	// Closed and replaced at each change.
	changed chan struct{}
}

func newHealth(told directives, begun time.Time) *health {
	state := &health{from: begun.Add(told.healthyAfter), once: told.once, told: map[string]bool{}, changed: make(chan struct{})}
	if told.unhealthyAfter != nil {
		if _, err := os.Stat(told.once); told.once == "" || err != nil {
			end := begun.Add(*told.unhealthyAfter)
			state.to = &end
		}
	}
	state.healthy = told.healthyAfter <= 0
	return state
}

// follow reports each change, beginning with the first state.
func (state *health) follow(log *eventLog) {
	log.write("healthy", fields{"healthy": state.now()})
	if !state.now() {
		time.Sleep(time.Until(state.from))
		state.set(log, true)
	}
	if state.to != nil {
		time.Sleep(time.Until(*state.to))
		if state.once != "" {
			os.WriteFile(state.once, []byte(nonce), 0o666)
		}
		state.set(log, false)
	}
}

func (state *health) set(log *eventLog, healthy bool) {
	state.mutex.Lock()
	state.healthy = healthy
	close(state.changed)
	state.changed = make(chan struct{})
	state.mutex.Unlock()
	log.write("healthy", fields{"healthy": healthy})
}

func (state *health) now() bool {
	state.mutex.Lock()
	defer state.mutex.Unlock()
	return state.healthy
}

// wait returns when the state may be another one.
func (state *health) wait(healthy bool) {
	for {
		state.mutex.Lock()
		is, changed := state.healthy, state.changed
		state.mutex.Unlock()
		if is == healthy {
			return
		}
		<-changed
	}
}

// report writes the first event of its kind and outcome.
func (state *health) report(log *eventLog, event string, what fields) {
	key := event + string(asJSON(what))
	state.mutex.Lock()
	before := state.told[key]
	state.told[key] = true
	state.mutex.Unlock()
	if !before {
		log.write(event, what)
	}
}

// answerChecks tells the commands of health checks which code to end with.
func answerChecks(log *eventLog, state *health, path string) {
	// Is there after a restart of the container.
	os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		log.write("trouble", fields{"error": err.Error()})
		return
	}
	// The command may run as another user.
	os.Chmod(path, 0o777)
	for {
		asked, err := listener.Accept()
		if err != nil {
			return
		}
		var argv []string
		if json.NewDecoder(asked).Decode(&argv) == nil {
			code := 1
			if state.now() {
				code = 0
			}
			state.report(log, "checked", fields{"argv": argv, "code": code})
			asked.Write([]byte{byte(code)})
		}
		asked.Close()
	}
}

// askMain is the command of a health check: its exit code is 1 if the main process does not answer, too.
func askMain(path string, argv []string) int {
	to, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return 1
	}
	to.SetDeadline(time.Now().Add(5 * time.Second))
	to.Write(asJSON(argv))
	code := []byte{1}
	to.Read(code)
	return int(code[0])
}
