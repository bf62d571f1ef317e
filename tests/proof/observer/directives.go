package main

import (
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// directives is what the arguments say. Other arguments are reported like all, and have no effect.
//
//	--name=ID             the name of the container
//	--listen=KIND:PORT    answer at a port; KIND is tcp, udp, http, or https
//	--open=KIND:HOST:PORT ask there until there is an answer, also `HOST PORT`; so for variables named OPEN_*
//	--health=PATH:PORT    the path of a port that tells the health; without it, all tcp ports do, which are closed then
//	--healthy-after=S     unhealthy before
//	--unhealthy-after=S   unhealthy from then on, unless the file of --once exists
//	--once=FILE           made when it becomes unhealthy
//	--exit=CODE:S         end after that time, or as soon as all have answered whom it asks, 20 s later at most
//	--fail-runs=N         the first runs end with 1, as --count counts
//	--count=DIR           where runs leave marks; without it, all runs fail
//	--mark=DIR            leave a mark and report all marks
//	--data=TEXT           what the mark says
//	--read=FILE           report a file
//	--stat=DIR            report how the folder is mounted
//	--on-stop=S           time to take after a signal
type directives struct {
	name           string
	data           string
	listens        []address
	opens          []open
	health         []address
	healthyAfter   time.Duration
	unhealthyAfter *time.Duration
	once           string
	exit           *ending
	failRuns       int
	count          string
	marks          []string
	reads          []string
	stats          []string
	onStop         time.Duration
}

// address is a port with the protocol, or the path, before it.
type address struct {
	kind string
	port int
}

// open is something to ask. What it is known by is the position of the argument, or the name of the variable.
type open struct {
	index any
	what  string
}

type ending struct {
	code  int
	after time.Duration
}

func readDirectives(words []string) directives {
	var told directives
	for at, word := range words {
		name, value, found := strings.Cut(word, "=")
		if !found {
			continue
		}
		switch name {
		case "--name":
			told.name = value
		case "--data":
			told.data = value
		case "--listen":
			told.listens = appendAddress(told.listens, value)
		case "--open":
			told.opens = append(told.opens, open{at + 1, value})
		case "--health":
			told.health = appendAddress(told.health, value)
		case "--healthy-after":
			told.healthyAfter = seconds(value)
		case "--unhealthy-after":
			after := seconds(value)
			told.unhealthyAfter = &after
		case "--once":
			told.once = value
		case "--exit":
			code, after, _ := strings.Cut(value, ":")
			number, _ := strconv.Atoi(code)
			told.exit = &ending{number, seconds(after)}
		case "--fail-runs":
			told.failRuns, _ = strconv.Atoi(value)
		case "--count":
			told.count = value
		case "--mark":
			told.marks = append(told.marks, value)
		case "--read":
			told.reads = append(told.reads, value)
		case "--stat":
			told.stats = append(told.stats, value)
		case "--on-stop":
			told.onStop = seconds(value)
		}
	}
	environ := os.Environ()
	sort.Strings(environ)
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OPEN_") {
			told.opens = append(told.opens, open{name, value})
		}
	}
	return told
}

// appendAddress adds `KIND:PORT`; a path may have colons itself.
func appendAddress(to []address, value string) []address {
	cut := strings.LastIndex(value, ":")
	if cut < 0 {
		return to
	}
	port, err := strconv.Atoi(value[cut+1:])
	if err != nil {
		return to
	}
	return append(to, address{value[:cut], port})
}

func seconds(text string) time.Duration {
	number, _ := strconv.ParseFloat(text, 64)
	return time.Duration(number * float64(time.Second))
}
