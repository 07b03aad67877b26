package main

import (
	"fmt"
	"runtime"
)

func main() {
	var squares []int
	for n := range 10 {
		squares = append(squares, n*n)
	}
	fmt.Println("Go", runtime.Version(), "says hello; the squares are", squares)
}
