#include <bits/stdc++.h>
int main() { for (int i = 0; i < 50000; i++) std::cout << i << "\n"; std::cerr << "end"; }
