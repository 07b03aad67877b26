#include <csignal>
#include <iostream>
int main() { std::signal(SIGUSR1, [](int n) { std::cout << n << std::endl; }); raise(SIGUSR1); raise(SIGKILL); }
