#include <bits/stdc++.h>
template <std::integral T> T f(T x) { return x; }
int main() { f(1.5); }
