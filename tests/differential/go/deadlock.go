package main

func main() {
	go func() {}()
	<-make(chan int)
}
