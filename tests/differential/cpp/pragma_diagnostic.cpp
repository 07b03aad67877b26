#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <bits/stdc++.h>
int main() { std::auto_ptr<int> p; }
