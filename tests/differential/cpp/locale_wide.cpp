#include <bits/stdc++.h>
int main() { std::cout << std::locale().name() << std::setprecision(17) << 0.1 << std::hash<std::string>{}("x"); std::unordered_map<std::string, int> m; for (int i = 0; i < 10; i++) m[std::to_string(i)] = i; for (auto &[k, v] : m) std::cout << k; std::mt19937 r; std::cout << r(); }
