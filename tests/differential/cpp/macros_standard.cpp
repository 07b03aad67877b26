#include <bits/stdc++.h>
int main() {
    std::cout << __FILE__ << __LINE__ << __BASE_FILE__ << __cplusplus << __OPTIMIZE__ << __GNUC__ << __VERSION__ << __PRETTY_FUNCTION__ << __func__;
#ifdef __PIE__
    std::cout << "pie" << __PIE__;
#endif
#ifdef _FORTIFY_SOURCE
    std::cout << _FORTIFY_SOURCE;
#endif
}
