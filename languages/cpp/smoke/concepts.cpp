#include <algorithm>
#include <compare>
#include <concepts>
#include <iostream>
#include <ranges>
#include <string>
#include <vector>

template <std::integral T>
T square(T value) {
    return value * value;
}

struct Version {
    int major, minor;
    auto operator<=>(const Version&) const = default;
};

int main() {
    std::vector<int> numbers{5, 1, 4, 2, 3};
    std::ranges::sort(numbers);
    for (int n : numbers | std::views::filter([](int n) { return n % 2 == 1; }) | std::views::transform(square<int>)) {
        std::cout << n << ' ';
    }
    std::cout << '\n' << std::boolalpha << (Version{1, 10} > Version{1, 9}) << '\n';
}
