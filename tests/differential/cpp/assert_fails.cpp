#include <cassert>
#include <iostream>
int main() { std::cout << "before\n"; assert(1 + 1 == 3 && "sum"); }
