// The benchmark's stream in Go: `bench server`, or `bench client ADDRESS`, which runs the cases that it reads, one
// a line with a count behind it, and writes a line of figures for each.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "client" {
		client, err := dial(os.Args[2])
		check(err)
		answer(client)
	} else {
		check(serve())
	}
}

func answer(client *client) {
	cases := map[string]func(count int) (map[string]float64, error){
		"one-way":           client.sendTicks,
		"callbacks":         client.receiveTicks,
		"request-reply-1":   client.callOneAtATime,
		"request-reply-128": client.callMany,
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var name string
		var count int
		_, err := fmt.Sscan(lines.Text(), &name, &count)
		check(err)
		figures, err := cases[name](count)
		check(err)
		check(json.NewEncoder(os.Stdout).Encode(figures))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
