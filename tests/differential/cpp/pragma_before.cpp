#pragma GCC optimize("O3,unroll-loops")
#pragma GCC target("avx2")
#include <bits/stdc++.h>
int main() {
#ifdef __AVX2__
    std::cout << "avx2";
#endif
}
