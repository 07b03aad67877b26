// kiln: {"files": {"other.cpp": "#include <stdexcept>\n#include <string>\nvoid thrower(int n) { if (n) thrower(n - 1); else throw std::out_of_range(\"across \" + std::to_string(n)); }\n"}}
#include <iostream>
void thrower(int);
int main() { try { thrower(3); } catch (const std::exception &e) { std::cout << e.what() << typeid(e).name(); } }
