#define _GLIBCXX_ASSERTIONS
#include <vector>
int main() { std::vector<int> v; return v[3]; }
