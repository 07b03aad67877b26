#include <thread>
#include <iostream>
thread_local int n = 3;
int main() { n++; std::thread([] { std::cout << n; }).join(); std::cout << n; }
