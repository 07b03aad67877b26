extern "C" {
    fn getpid() -> i32;
    fn strlen(text: *const std::ffi::c_char) -> usize;
}

static NAME: &std::ffi::CStr = c"abc";

fn main() {
    println!("{} {}", unsafe { getpid() } > 0, unsafe { strlen(NAME.as_ptr()) });
}
