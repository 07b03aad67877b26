package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	fmt.Println("before")
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
