#include <iostream>
#include <not/there.h>
int main() {}
