#include <string>
int main() { std::string s = "x"; return s.size(); }
