package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

func main() {
	func() {
		_, file, line, ok := runtime.Caller(0)
		fmt.Println(file, line, ok)
		pc := make([]uintptr, 10)
		frames := runtime.CallersFrames(pc[:runtime.Callers(0, pc)])
		for {
			frame, more := frames.Next()
			fmt.Println(frame.Function, frame.File, frame.Line)
			if !more {
				break
			}
		}
	}()
	fmt.Println(len(debug.Stack()) > 0)
}
