#define vector array_of
#include <bits/stdc++.h>
int main() { std::array_of<int> v{1, 2}; std::cout << v.size(); }
