#include <vector>
int main() { std::cout << std::string("x") << std::endl; }
