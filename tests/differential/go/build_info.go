package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

func main() {
	info, ok := debug.ReadBuildInfo()
	fmt.Println(info, ok, runtime.Version(), runtime.GOROOT(), runtime.Compiler)
}
