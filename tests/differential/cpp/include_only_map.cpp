#include <map>
int main() { std::map<int, int> m; return m[0]; }
