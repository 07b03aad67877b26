#include <iostream>
#include <ranges>

int main() {
    std::cout << "C++ (GCC " << __VERSION__ << ") says hello; the squares are";
    for (int square : std::views::iota(0, 10) | std::views::transform([](int n) { return n * n; })) {
        std::cout << ' ' << square;
    }
    std::cout << '\n';
}
