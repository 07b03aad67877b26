#include <bits/stdc++.h>
struct S { int x; };
int main() { std::vector<S> v; std::sort(v.begin(), v.end()); std::map<S, int> m; m[S{1}]; }
