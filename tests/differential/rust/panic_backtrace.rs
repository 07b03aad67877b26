// kiln: {"env": {"RUST_BACKTRACE": "1"}}
mod inner {
    #[inline(never)]
    pub fn fails(v: &[i32], i: usize) -> i32 {
        v[i]
    }
}

#[inline(never)]
fn outer(i: usize) -> i32 {
    inner::fails(&[1, 2, 3], i) + 1
}

fn main() {
    println!("{}", outer(std::env::args().count() + 5));
}
