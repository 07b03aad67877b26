// kiln: {"files": {"other.cpp": "#include <iostream>\nstruct T { T() { std::cout << \"other\"; } } t;\nint other = 4;\n", "zlast.cpp": "#include <iostream>\nstruct U { U() { std::cout << \"zlast\"; } } u;\n"}}
#include <iostream>
struct S { const char *n; S(const char *n) : n(n) { std::cout << "+" << n; } ~S() { std::cout << "-" << n; } };
S a("main-a");
extern int other;
S b("main-b");
int main() { static S l("local"); std::cout << other; atexit([] { std::cout << "atexit"; }); }
