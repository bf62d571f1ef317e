package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// answer is who answers, and at which port.
type answer struct {
	Name     string `json:"name"`
	Nonce    string `json:"nonce"`
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
}

func listenAll(log *eventLog, state *health, told directives) {
	paths := map[int][]string{}
	for _, each := range told.health {
		paths[each.port] = append(paths[each.port], each.kind)
	}
	for _, each := range told.listens {
		own := answer{log.name, nonce, each.port, each.kind}
		switch each.kind {
		case "tcp":
			go listenTCP(log, state, own, len(told.health) == 0)
		case "udp":
			go listenUDP(log, own)
		case "http", "https":
			go listenHTTP(log, state, own, paths[each.port])
		}
	}
}

// listen waits for the port, which another instance on the same host may have.
func listen(log *eventLog, own answer) net.Listener {
	for tries := 0; ; tries++ {
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", own.Port))
		if err == nil {
			return listener
		}
		if tries == 0 {
			log.write("trouble", fields{"port": own.Port, "error": err.Error()})
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// listenTCP answers each connection with a line. If the port tells the health, it is closed while the container is not
// healthy.
func listenTCP(log *eventLog, state *health, own answer, tells bool) {
	line := append(asJSON(own), '\n')
	for {
		if tells {
			state.wait(true)
		}
		listener := listen(log, own)
		go func() {
			if tells {
				state.wait(false)
				listener.Close()
			}
		}()
		for {
			to, err := listener.Accept()
			if err != nil {
				break
			}
			state.report(log, "asked", fields{"port": own.Port, "path": nil, "healthy": true})
			to.SetDeadline(time.Now().Add(2 * time.Second))
			to.Write(line)
			to.Close()
		}
	}
}

// listenUDP answers each datagram from the address that it was sent to.
func listenUDP(log *eventLog, own answer) {
	at, err := net.ListenUDP("udp4", &net.UDPAddr{Port: own.Port})
	if err != nil {
		log.write("trouble", fields{"port": own.Port, "error": err.Error()})
		return
	}
	if raw, err := at.SyscallConn(); err == nil {
		raw.Control(func(file uintptr) {
			syscall.SetsockoptInt(int(file), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
		})
	}
	text := asJSON(own)
	data, about := make([]byte, 2048), make([]byte, 128)
	for {
		_, size, _, from, err := at.ReadMsgUDP(data, about)
		if err != nil {
			return
		}
		at.WriteMsgUDP(text, sameSource(about[:size]), from)
	}
}

// sameSource is what the kernel said of a datagram, as it must be said of the answer: without the interface.
func sameSource(about []byte) []byte {
	messages, err := syscall.ParseSocketControlMessage(about)
	if err != nil || len(messages) != 1 || len(messages[0].Data) < 12 {
		return nil
	}
	copied := append([]byte{}, about...)
	// The structure in_pktinfo: the interface, the local address, the destination.
	at := syscall.CmsgLen(0)
	copy(copied[at:at+4], []byte{0, 0, 0, 0})
	copy(copied[at+4:at+8], messages[0].Data[4:8])
	return copied
}

// listenHTTP answers every request; with 503 on the paths that tell the health while the container is not healthy.
func listenHTTP(log *eventLog, state *health, own answer, paths []string) {
	listener := listen(log, own)
	if own.Protocol == "https" {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{newCertificate()}})
	}
	for {
		to, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer to.Close()
			to.SetDeadline(time.Now().Add(5 * time.Second))
			path, err := readRequest(to)
			if err != nil {
				return
			}
			status, text := "200 OK", asJSON(own)
			for _, each := range paths {
				if each == path {
					healthy := state.now()
					state.report(log, "asked", fields{"port": own.Port, "path": path, "healthy": healthy})
					if !healthy {
						status, text = "503 Service Unavailable", nil
					}
				}
			}
			fmt.Fprintf(to, "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(text), text)
		}()
	}
}

// readRequest returns the path of a request with its query, as it was sent.
func readRequest(from io.Reader) (string, error) {
	lines := bufio.NewReader(from)
	first, err := lines.ReadString('\n')
	if err != nil {
		return "", err
	}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	words := strings.Fields(first)
	if len(words) != 3 {
		return "", errors.New("not a request")
	}
	return words[1], nil
}

func newCertificate() tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	text, _ := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{text}, PrivateKey: key}
}

// openAll asks everywhere until there is an answer. The channel is closed when all have answered.
func openAll(log *eventLog, told directives) <-chan struct{} {
	var asked sync.WaitGroup
	for _, each := range told.opens {
		asked.Add(1)
		go func() {
			defer asked.Done()
			reported := time.Now()
			for {
				found, err := ask(each.what)
				if err == nil {
					log.write("opened", fields{"what": each.what, "index": each.index, "answer": found})
					return
				}
				if time.Since(reported) > 5*time.Second {
					log.write("refused", fields{"what": each.what, "index": each.index, "error": err.Error()})
					reported = time.Now()
				}
				time.Sleep(300 * time.Millisecond)
			}
		}()
	}
	answered := make(chan struct{})
	go func() {
		asked.Wait()
		close(answered)
	}()
	return answered
}

// ask asks at `KIND:HOST:PORT` once, where the last colon may be a blank.
func ask(what string) (answer, error) {
	var found answer
	kind, place, _ := strings.Cut(what, ":")
	cut := strings.LastIndexAny(place, ": ")
	if cut < 0 {
		return found, errors.New("not KIND:HOST:PORT")
	}
	place = net.JoinHostPort(strings.Trim(place[:cut], "[]"), place[cut+1:])
	network := "tcp"
	if kind == "udp" {
		network = "udp"
	}
	to, err := net.DialTimeout(network, place, 2*time.Second)
	if err != nil {
		return found, err
	}
	defer to.Close()
	to.SetDeadline(time.Now().Add(2 * time.Second))
	switch kind {
	case "tcp":
	case "udp":
		fmt.Fprint(to, "who")
	case "http", "https":
		if kind == "https" {
			to = tls.Client(to, &tls.Config{InsecureSkipVerify: true})
		}
		fmt.Fprintf(to, "GET /who HTTP/1.0\r\nHost: %s\r\n\r\n", place)
	default:
		return found, errors.New("unknown protocol " + kind)
	}
	from := bufio.NewReader(to)
	if strings.HasPrefix(kind, "http") {
		first, err := from.ReadString('\n')
		if err != nil {
			return found, err
		}
		if !strings.Contains(first, " 200 ") {
			return found, errors.New(strings.TrimSpace(first))
		}
		for line := first; strings.TrimSpace(line) != ""; {
			if line, err = from.ReadString('\n'); err != nil {
				return found, err
			}
		}
	}
	return found, json.NewDecoder(from).Decode(&found)
}
