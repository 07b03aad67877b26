// kiln: {"files": {"own.h": "#pragma once\n#include <vector>\ninline int own() { return std::vector<int>(3).size(); }\n"}}
#include "own.h"
#include <iostream>
int main() { std::cout << own(); }
