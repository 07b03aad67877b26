#include <iostream>
int main() { std::cout << "lost?"; std::abort(); }
