package main

import "fmt"

type node struct{ next *node }

//go:noinline
func deep(n int, at *node) *node {
	if n == 0 {
		return at.next
	}
	return deep(n-1, at)
}

func main() {
	defer fmt.Println("deferred")
	deep(3, nil)
}
