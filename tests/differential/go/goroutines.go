package main

import (
	"fmt"
	"sync"
)

func main() {
	var wait sync.WaitGroup
	var lock sync.Mutex
	total := 0
	for i := range 100 {
		wait.Go(func() {
			lock.Lock()
			defer lock.Unlock()
			total += i
		})
	}
	wait.Wait()
	fmt.Println(total)
}
