package main

import "os"

func main() {
	println([]int{1, 2, 3}[len(os.Args)+5])
}
