#include <bits/stdc++.h>
int main() { std::vector<std::jthread> t; std::atomic<int> n = 0; for (int i = 0; i < 8; i++) t.emplace_back([&] { for (int j = 0; j < 1000; j++) n++; }); t.clear(); std::cout << n << std::async([] { return 5; }).get(); }
