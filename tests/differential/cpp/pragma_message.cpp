#include <iostream>
#pragma message "said at compile time"
int main() {}
