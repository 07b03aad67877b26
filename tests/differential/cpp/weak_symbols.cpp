#include <iostream>
extern "C" int perhaps() __attribute__((weak));
int main() { std::cout << (perhaps ? 1 : 0); }
