package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"sync"
)

type point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

func main() {
	var wait sync.WaitGroup
	results := make(chan point, 4)
	for i := 4; i > 0; i-- {
		wait.Add(1)
		go func() {
			defer wait.Done()
			results <- point{i, i * i}
		}()
	}
	wait.Wait()
	close(results)

	var points []point
	for p := range results {
		points = append(points, p)
	}
	sort.Slice(points, func(a, b int) bool { return points[a].X < points[b].X })
	text, err := json.Marshal(points)
	fmt.Println(string(text), err)
}
