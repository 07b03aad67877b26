// kiln: {"files": {"other.go": "package main\n\nimport \"fmt\"\n\nfunc init() { fmt.Println(\"other init\") }\n\nfunc other() string { return \"other\" }\n"}}
package main

import "fmt"

func init() { fmt.Println("main init") }

func main() {
	fmt.Println(other())
}
