// kiln: {"stdin": "a\nb", "args": ["x y", ""], "env": {"ONE": "1"}}
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		fmt.Println(scanner.Text())
	}
	fmt.Println(os.Args[1:], os.Getenv("ONE"))
}
