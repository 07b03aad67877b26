#include <bits/stdc++.h>
int main() { throw std::runtime_error("boom"); }
