package main

import "nowhere/thing"

func main() {
	thing.Do()
}
