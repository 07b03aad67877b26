#include <iostream>
int main() {
    std::vector<int> v{3, 1};
    std::sort(v.begin(), v.end());
    std::map<int, int> m;
    std::unique_ptr<int> p;
    printf("%f", sqrt(2.0));
}
