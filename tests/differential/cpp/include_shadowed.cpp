// kiln: {"files": {"iostream": "#include_next <iostream>\nconst int shadow = 5;\n"}}
#include "iostream"
int main() { std::cout << shadow; }
