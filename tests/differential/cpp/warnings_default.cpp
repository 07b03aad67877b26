#include <bits/stdc++.h>
int f() {}
int main() { std::auto_ptr<int> p; int *q = nullptr; unsigned char c = 300; std::cout << NULL + 1; char *s = "abc"; return 0 * c * *s; }
