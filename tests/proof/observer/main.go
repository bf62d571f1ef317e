// The observer is the program that all containers of a random appliance run. It writes down what the container
// finds itself in, one JSON object a line, and does what its own arguments say. `directives.go` lists them.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// Where commands of health checks meet the main process.
const socket = "/run/observer/socket"

// What a run waits for answers that are late, as on a machine with much to do.
const answerTime = 20 * time.Second

func main() {
	if len(os.Args) > 1 && os.Args[1] == "check" {
		os.Exit(askMain(socket, os.Args))
	}
	// Containers have 16 MB or so, for a command of a health check, too.
	debug.SetMemoryLimit(6 << 20)
	runtime.GOMAXPROCS(1)
	// The kernel keeps what arrives between here and the first wait.
	stops := make(chan os.Signal, 4)
	signal.Notify(stops, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	begun := time.Now()
	told := readDirectives(os.Args[1:])
	log := newLog(os.Stdout, told.name)
	log.write("start", facts())
	counted := countRun(told)
	lookAround(log, told)
	state := newHealth(told, begun)
	go state.follow(log)
	go answerChecks(log, state, socket)
	listenAll(log, state, told)
	answered := openAll(log, told)
	var ended <-chan struct{}
	if told.exit != nil {
		ended = runEnd(begun.Add(told.exit.after), answered)
	}
	select {
	case <-ended:
		code := told.exit.code
		if counted < told.failRuns {
			code = 1
		}
		end(log, code)
	case got := <-stops:
		log.write("stop", fields{"signal": signalName(got)})
		time.Sleep(told.onStop)
		if told.exit != nil {
			// A run that is cut short has not succeeded.
			end(log, 128+int(got.(syscall.Signal)))
		}
		end(log, 0)
	}
}

// runEnd closes its channel when a run is over: at its time, and not before all whom it asks have answered, or answerTime later.
func runEnd(at time.Time, answered <-chan struct{}) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		time.Sleep(time.Until(at))
		select {
		case <-answered:
		case <-time.After(answerTime):
		}
		close(over)
	}()
	return over
}

func end(log *eventLog, code int) {
	log.write("exit", fields{"code": code})
	os.Exit(code)
}

func signalName(got os.Signal) string {
	names := map[os.Signal]string{
		syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT",
		syscall.SIGHUP: "SIGHUP", syscall.SIGUSR1: "SIGUSR1", syscall.SIGUSR2: "SIGUSR2",
	}
	return names[got]
}

// countRun leaves a mark of this run, and returns how many there were before: 0 without a folder to count in.
func countRun(told directives) int {
	if told.count == "" {
		return 0
	}
	os.MkdirAll(told.count, 0o777)
	before := namesIn(told.count, "run."+told.name+".")
	os.WriteFile(filepath.Join(told.count, fmt.Sprintf("run.%s.%s", told.name, nonce)), nil, 0o666)
	return len(before)
}
