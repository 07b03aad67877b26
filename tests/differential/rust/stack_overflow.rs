#[inline(never)]
fn deep(n: u64) -> u64 {
    let room = [n; 512];
    std::hint::black_box(&room);
    deep(n + 1) + room[1]
}

fn main() {
    println!("{}", deep(0));
}
