#include <cassert>
#include <bits/stdc++.h>
int main() { std::cout << __INCLUDE_LEVEL__ << __COUNTER__ << __COUNTER__; }
