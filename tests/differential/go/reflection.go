package main

import (
	"encoding/json"
	"fmt"
	"reflect"
)

type thing struct {
	Name string `json:"name"`
	Size int
}

func (thing) Method() {}

func main() {
	text, _ := json.Marshal(thing{"x", 1})
	fmt.Println(string(text), reflect.TypeOf(thing{}).NumMethod(), reflect.TypeOf(thing{}).PkgPath())
}
