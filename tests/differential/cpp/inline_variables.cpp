// kiln: {"files": {"other.cpp": "inline int shared = 1;\nint bump() { return ++shared; }\n"}}
#include <iostream>
inline int shared = 1;
int bump();
int main() { bump(); std::cout << shared; }
