#include <bits/stdc++.h>
void f(std::source_location l = std::source_location::current()) { std::cout << l.file_name() << l.line() << ":" << l.column() << l.function_name(); }
int main() { f(); }
