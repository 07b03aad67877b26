package main

import "fmt"

func main() {
	defer func() {
		fmt.Println(recover())
	}()
	var m map[string]int
	m["x"] = 1
}
