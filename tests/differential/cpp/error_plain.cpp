#include <iostream>
int main() {
    int x = "a";
    y = 2;
    std::cot << x
}
