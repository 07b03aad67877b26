#include <algorithm>
int main() { return std::max(1, 2); }
