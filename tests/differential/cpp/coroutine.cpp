#include <coroutine>
#include <iostream>
struct G { struct promise_type { int v; G get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; } std::suspend_always initial_suspend() { return {}; } std::suspend_always final_suspend() noexcept { return {}; } std::suspend_always yield_value(int x) { v = x; return {}; } void return_void() {} void unhandled_exception() {} }; std::coroutine_handle<promise_type> h; };
G g() { for (int i = 0; i < 3; i++) co_yield i; }
int main() { auto x = g(); for (x.h.resume(); !x.h.done(); x.h.resume()) std::cout << x.h.promise().v; }
