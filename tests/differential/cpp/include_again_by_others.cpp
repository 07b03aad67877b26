// kiln: {"files": {"own.h": "#include <iostream>\n#include <vector>\n#include <bits/stdc++.h>\ninline int own() { return std::vector<int>(2).size(); }\n"}}
#include <iostream>
#include "own.h"
#include <cmath>
#include <vector>
#include <iostream>
int main() { std::cout << own() << std::sqrt(4.0) << abs(-2.5); }
