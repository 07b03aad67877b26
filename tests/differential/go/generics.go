package main

import (
	"fmt"
	"maps"
	"slices"
)

func mapped[T, U any](from []T, f func(T) U) (to []U) {
	for _, x := range from {
		to = append(to, f(x))
	}
	return
}

func main() {
	fmt.Println(mapped([]int{1, 2}, func(x int) string { return fmt.Sprint(x * 2) }))
	fmt.Println(slices.Sorted(maps.Keys(map[string]int{"b": 1, "a": 2})))
}
