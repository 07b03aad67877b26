#include <iostream>
int main(int argc, char **) { volatile int zero = argc - 1; std::cout << 1 / zero; }
